#!/usr/bin/env python3
"""Whatever system call on the state database fails, once: folder and locks are old or new, and stay so over a restart."""
from faultlib import *

REQUESTS = (
    ("PUT", "/file", {}, b"new", 204),
    ("COPY", "/tree", {"Destination": "/d/new"}, None, 201),
    ("MOVE", "/tree", {"Destination": "/other"}, None, 204),
    ("DELETE", "/tree", {}, None, 204),
)


def build(s):
    s.write("d/f", "F")
    s.write("file", "old")
    s.write("other/x", "X")
    s.write("tree/a", "AA")


def is_locked(s):
    return s.request("PUT", "/file", {}, b"old").status == 423


def again(s):
    s.stop()
    s.start()


def try_lock(s, nth, error):
    """One LOCK, one UNLOCK, each with the fault. False if neither met one."""
    s.arm(nth, error, str(s.state))
    answer = lock(s, "/file")
    struck = s.disarm()
    what = "LOCK, call %d, errno %d, answered %r" % (nth, error, answer)
    same(answer.status, (200, 500, 503, 507), what)
    same(is_locked(s), answer.status == 200, what)
    if struck:
        again(s)
        same(is_locked(s), answer.status == 200, what + ", restarted")
    if answer.status != 200:
        answer = lock(s, "/file")
        same(answer.status, 200, "LOCK once more; " + what)
    token = {"Lock-Token": "<%s>" % lock_token(answer)}
    s.arm(nth, error, str(s.state))
    answer = s.request("UNLOCK", "/file", token)
    unlock_struck = s.disarm()
    what = "UNLOCK, call %d, errno %d, answered %r" % (nth, error, answer)
    same(answer.status, (204, 500, 503, 507), what)
    same(is_locked(s), answer.status != 204, what)
    if unlock_struck:
        again(s)
        same(is_locked(s), answer.status != 204, what + ", restarted")
    if answer.status != 204:
        same(s.request("UNLOCK", "/file", token).status, 204, "UNLOCK once more; " + what)
    return bool(struck) + bool(unlock_struck)


on_ram()
for durability in ("full", "relaxed"):
    with FaultyServer("--durability", durability) as s:
        ordeal = Ordeal(s, build, is_fresh=True)
        ordeal.statuses = {errno.EIO: 500, errno.ENOSPC: (500, 507)}  # SQLite knows a full disk by its writes
        for method, target, headers, body, wanted in REQUESTS:
            for error in (errno.EIO, errno.ENOSPC):
                ordeal.run(str(s.state), lambda s: s.request(method, target, headers, body), wanted, error, ALL_CALLS)
        locks = 0
        for error in (errno.EIO, errno.ENOSPC):
            nth = 1
            while (struck := try_lock(s, nth, error)):
                nth, locks = nth + 1, locks + struck
        s.alive()
    print("%s: faults injected: %d in changes, %d in locks, lost: 0" % (durability, ordeal.faults, locks))
    within(ordeal.faults, 10, 10000, "faults in changes")
    within(locks, 4, 10000, "faults in locks")
