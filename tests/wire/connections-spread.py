#!/usr/bin/env python3
"""Clients that come together are served by both threads that serve connections, half of them by each."""
import contextlib

from holdfast import *


def threads(s):
    """Nanoseconds that each thread of libmicrohttpd has had of a processor."""
    found = {}
    for task in Path("/proc/%d/task" % s.process.pid).iterdir():
        with contextlib.suppress(OSError):  # others end meanwhile
            if (task / "comm").read_text().startswith("MHD"):
                found[task.name] = int((task / "schedstat").read_text().split()[0])
    return found


with Server() as s:
    s.write("f", "x")
    eventually(lambda: len(threads(s)) == 2, "two threads that have their names")
    for _ in range(3):
        clients = [s.connect() for _ in range(16)]
        before = threads(s)
        for _ in range(100):
            for c in clients:
                same(c.request("GET", "/f").status, 200)
        spent = [now - before[task] for task, now in threads(s).items()]
        within(min(spent), max(spent) // 4, max(spent), "the share of the one that had less to do")
        for c in clients:
            c.close()
    s.alive()
