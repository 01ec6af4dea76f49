#!/usr/bin/env python3
"""Clients that close in the middle of an upload are noticed soon: no descriptor stays, no stop is delayed."""
from holdfast import *

with Server("--grace", "20") as s:
    s.write("a", "x")
    s.alive()
    fds = lambda: len(os.listdir("/proc/%d/fd" % s.process.pid))
    before = fds()
    for half in (False, True):
        clients = [s.connect() for _ in range(20)]
        for c in clients:
            c.send(c.head("PUT", "/new", {"Content-Length": "10"}) + b"12345")
            if half:
                c.end()
            else:
                c.close()
        eventually(lambda: fds() <= before + 3, "descriptors are closed again, half-closed: %s" % half, 10)
    begun = time.monotonic()
    s.stop()
    within(time.monotonic() - begun, 0, 5 * PATIENCE, "seconds to stop")
