#!/usr/bin/env python3
"""SIGTERM with a thousand suspended requests, joined, silent and beating: all are answered, exit status 0."""
import select

from longops import *

COUNT = 1000
AGENTS = ("curl/8", "rclone/v1.60", "cadaver/0.24 neon/0.33.0", "holdfast-test/1")


def answered(connections):
    """Reads all of them to their ends at once; the final statuses."""
    waiting, end = {c.sock.fileno(): c for c in connections}, time.monotonic() + 60 * PATIENCE
    poller = select.poll()
    for fd in waiting:
        poller.register(fd, select.POLLIN)
    while waiting and time.monotonic() < end:
        for fd, _ in poller.poll(1000):
            if waiting[fd].fill() == 0:
                poller.unregister(fd)
                waiting.pop(fd)
    same(len(waiting), 0, "connections that were not closed")
    return [final_status(c) for c in connections]


def final_status(connection):
    found = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+) [A-Z]", connection.buffer)]
    return tuple(code for code in found if code >= 200)


def stop(options, ask, gate_opens):
    """The final statuses of a thousand requests that wait when SIGTERM comes."""
    slow = "renameat2=%d" % (0 if gate_opens else 4000)
    with Held("--heartbeat", "0.5", *options, slow=slow) as s:
        for i in range(10):
            s.write("slow%d/a" % i, "x")
        s.alive()  # as in join-thousand
        connections = [s.connect(60) for _ in range(COUNT)]
        for i, c in enumerate(connections):
            ask(c, i, {"User-Agent": AGENTS[i % len(AGENTS)]})
        s.is_held()
        s.has_read(*connections)
        s.process.send_signal(signal.SIGTERM)
        if gate_opens:
            s.open_gate()
        statuses = answered(connections)
        same(s.wait(60), 0, "exit status")
        return statuses


def ask_move(c, i, headers):
    c.start("MOVE", "/slow%d" % (i // 4 % 10), {"Destination": "/moved%d" % (i // 4 % 10), **headers})


def ask_either(c, i, headers):
    if i % 8 < 4:
        ask_move(c, i, headers)
    else:
        c.start("GET", "/.holdfast/slow?for=3000&every=0.3", headers)


# All end as soon as the disk lets them; none waits for the grace.
found = stop(["--grace", "600"], ask_move, True)
same(set(found) - {(201,), (207, 201)}, set(), "odd answers")
# Those that do not end in time are stopped, and answered.
found = stop(["--grace", "0.5", "--diagnostics"], ask_either, False)
same(set(found) - {(201,), (207, 201), (503,), (207, 503)}, set(), "odd answers when they were stopped")
same((503,) in found and (207, 503) in found, True, "those that were stopped")
