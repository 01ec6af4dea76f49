#!/usr/bin/env python3
"""Clients that hang up in the middle of downloads and listings cost nothing: descriptors come back."""
from holdfast import *

with Server() as s:
    s.write("big", b"x" * 20000000)
    write_tree(s.path("tree"), 20, 50)
    fds = lambda: len(os.listdir("/proc/%d/fd" % s.process.pid))
    s.alive()
    before = fds()
    for i in range(40):
        c = s.connect()
        if i % 2:
            c.start("GET", "/big")
        else:
            c.start("PROPFIND", "/tree", {"Depth": "infinity"})
        c.sock.recv(100)
        if i % 4 < 2:
            c.close()
        else:
            c.reset()
    s.alive()
    eventually(lambda: fds() <= before + 3, "descriptors are closed again")
