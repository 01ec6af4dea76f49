#!/usr/bin/env python3
"""Huge or countless headers are 431 and do not grow the server."""
from holdfast import *

with Server() as s:
    s.alive()
    before = s.memory_kib()
    for headers in ([("X-A", "a" * 1000000)], [("X-%d" % i, "a" * 100) for i in range(5000)]):
        with s.connect() as c:
            try:
                c.start("GET", "/", headers)
            except (BrokenPipeError, ConnectionResetError):
                pass
            same(c.response().status, 431)
    if not sanitized():
        within(s.memory_kib() - before, -100000, 4096, "KiB grown")
    # An If header of some length is real life: many locks at once.
    tokens = " ".join("(<urn:uuid:%036d>)" % i for i in range(50))
    same(s.request("PUT", "/a", {"If": tokens}, "x").status, (412, 423))
    s.alive()
