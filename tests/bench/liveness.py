#!/usr/bin/env python3
"""Ten thousand operations that wait at once: how late is a beat, what does one who waits cost?

  script/bench --liveness [--count N] [--seconds N]

Each connection asks for the diagnostic operation (/.holdfast/slow) with a heartbeat of one second and notes when
every 102 arrives. Lateness is measured from the moment the request was sent, so this program's own slowness is
part of it. Once the requests come spread over a second, as they do from many clients; once all in one burst.
"""
import argparse
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import servers  # noqa: E402

EVERY = 1.0


class Soak:
    def __init__(self, port, seconds):
        self.port, self.epoll = port, select.epoll()
        # a number of its own: the same request again would join
        self.request = ("GET /.holdfast/slow?for=%g&every=%g&mode=interim&number=%%d HTTP/1.1\r\nHost: localhost\r\n"
                        "User-Agent: soak\r\n\r\n" % (seconds, EVERY))
        self.sockets, self.sent, self.beats, self.late, self.answered, self.lost = {}, {}, {}, [], 0, 0

    def begin(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setblocking(False)
        fd = s.fileno()
        self.sockets[fd], self.beats[fd], self.sent[fd] = s, 0, time.monotonic()
        self.epoll.register(fd, select.EPOLLIN)
        s.send((self.request % fd).encode())

    def read(self, timeout):
        for fd, _ in self.epoll.poll(timeout):
            data, now = self.sockets[fd].recv(65536), time.monotonic()
            for _ in range(data.count(b"HTTP/1.1 102")):
                self.beats[fd] += 1
                self.late.append(now - self.sent[fd] - self.beats[fd] * EVERY)
            if b"HTTP/1.1 200" in data or not data:
                self.answered += bool(data)
                self.lost += not data
                self.epoll.unregister(fd)

    def close(self):
        for s in self.sockets.values():
            s.close()


class Holdfast(servers.Holdfast):
    def command(self):
        return super().command()[:-1] + ["--diagnostics", "--heartbeat", str(EVERY), str(self.root)]


def cpu_seconds(s):
    total = 0
    for pid in s.pids():
        fields = Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / 100


def run(count, seconds, spread):
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        server = Holdfast(Path(folder))
        server.start()
        try:
            soak, before, begun = Soak(server.port, seconds), server.pss_kib(), time.monotonic()
            for i in range(count):
                while spread and time.monotonic() < begun + i * EVERY / count:
                    soak.read(0)
                soak.begin()
            waiting = time.monotonic()
            while time.monotonic() < waiting + 2:
                soak.read(0.05)
            memory, busy, at = server.pss_kib() - before, cpu_seconds(server), time.monotonic()
            while time.monotonic() < waiting + seconds - 2:
                soak.read(0.05)
            busy = (cpu_seconds(server) - busy) / (time.monotonic() - at)
            while soak.answered + soak.lost < count and time.monotonic() < waiting + seconds + 60:
                soak.read(0.05)
            soak.close()
        finally:
            server.stop()
    late = sorted(soak.late)
    at = [1000 * late[min(len(late) - 1, int(len(late) * q))] for q in (0.5, 0.99, 1)]
    print("| %s | %d | %d | %d | %.1f / %.1f / %.1f ms | %.1f KiB | %.2f |" % (
        "spread over a second" if spread else "all in one burst", count, soak.answered, len(late), *at,
        memory / count, busy), flush=True)
    return soak.answered == count


def main():
    parser = argparse.ArgumentParser(prog="script/bench --liveness", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=20, help="that each operation lasts")
    o = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 2 * o.count  # the server keeps half of them for what it serves
    if hard < wanted:
        sys.exit("this needs %d descriptors; the limit is %d" % (wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    print("| requests | count | answered | beats | late: median / p99 / most | memory each (PSS) | cores busy |")
    print("|---|---|---|---|---|---|---|", flush=True)
    return 0 if run(o.count, o.seconds, True) & run(o.count, o.seconds, False) else 1


sys.exit(main())
