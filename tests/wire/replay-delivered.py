#!/usr/bin/env python3
"""A result that was delivered is not told again: the same request is a new operation."""
from longops import *

with Held("--heartbeat", "0.1", "--log-level", "info") as s:
    s.write("slow/a", "x")
    s.write("source/a", "1")
    s.open_gate()
    for round in range(2):
        same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, (201, 404)[round], "MOVE")
        same(s.request("PUT", "/slow.txt", {"If-None-Match": "*"}, "content").status, (201, 412)[round], "PUT")
        same(s.request("COPY", "/source", {"Destination": "/slow-copy"}).status, (201, 204)[round], "COPY")
        same(s.read("slow-copy/a"), b"12"[round:round + 1], "what was copied")
        s.write("source/a", "2")
    # after waiting, and with many that joined, all the same
    s.shut_gate()
    s.write("slow/a", "x")
    with s.connect() as one, s.connect() as two:
        for c in (one, two):
            c.start("MOVE", "/slow", {"Destination": "/moved2"})
            s.has_read(c)
        s.is_held()
        two.reset()  # this one did not get it, but the other does
        s.open_gate()
        same(one.response("MOVE").status, 201)
    same(s.request("MOVE", "/slow", {"Destination": "/moved2"}).status, 404, "again")
