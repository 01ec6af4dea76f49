#!/usr/bin/env python3
"""Clients that close in the middle of a head are noticed soon, and a half-sent head does not delay a stop."""
from holdfast import *

HEADS = (b"GET /f HT", b"GET /f HTTP/1.1\r\nHost: x\r\nX-Some", b"PUT /f HTTP/1.1\r\n", b"")
with Server("--grace", "20") as s:
    s.alive()
    fds = lambda: len(os.listdir("/proc/%d/fd" % s.process.pid))
    before = fds()
    for head in HEADS:
        clients = [s.connect() for _ in range(20)]
        for c in clients:
            c.send(head)
            c.close()
    eventually(lambda: fds() <= before + 3, "descriptors are closed again", 10)
    # One that stays, with half a head, has asked for nothing yet.
    with s.connect() as c:
        c.send(b"GET /f HTTP/1.1\r\nHost: x\r\n")
        s.alive()
        begun = time.monotonic()
        s.stop()
        within(time.monotonic() - begun, 0, 5 * PATIENCE, "seconds to stop")
