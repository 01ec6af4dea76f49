#!/usr/bin/env python3
"""A listing of 20,000 entries streams: the first byte comes early, and memory stays flat."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir"), 100, 200, size=0)
    s.request("PROPFIND", "/dir/d000", {"Depth": "1"})
    before, most, size = s.memory_kib(), 0, 0
    with s.connect() as c:
        c.start("PROPFIND", "/dir", {"Depth": "infinity"})
        c.fill()
        while not c.buffer.endswith(b"0\r\n\r\n"):
            if not c.fill():
                fail("closed early")
            most = max(most, s.memory_kib())
        body = re.sub(rb"\r\n[0-9A-Fa-f]+\r\n", b"", c.buffer)  # the heads of chunks may stand in the middle of a tag
        same(body.count(b"<D:response>"), 20101)
    if not sanitized():
        within(most - before, -100000, 8192, "KiB grown")
