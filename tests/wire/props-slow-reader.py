#!/usr/bin/env python3
"""Clients that do not read their large listings hold up nobody, and do not grow the server."""
from holdfast import *

with Server("--workers", "2") as s:
    write_tree(s.path("dir"), 50, 100, size=0)
    s.alive()
    before = s.memory_kib()
    clients = [s.connect() for _ in range(10)]
    for c in clients:
        c.start("PROPFIND", "/dir", {"Depth": "infinity"})
    for c in clients:
        c.fill()
    same(s.request("PUT", "/new", {}, "x").status, 201)
    same(len(propfind(s, "/dir/d001", depth=1)), 101)
    if not sanitized():
        within(s.memory_kib() - before, -100000, 16384, "KiB grown")
    for c in clients[5:]:
        c.close()
    for c in clients[:5]:
        same(len(multistatus(c.response("PROPFIND"))), 5051)
