#!/usr/bin/env python3
"""A 102 has no headers that would say anything about the connection or a body."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=500", match="slow") as s:
    s.write("slow/a", "x")
    answer = s.request("MOVE", "/slow", {"Destination": "/moved"})
    same(answer.status, 201)
    within(len(answer.interims), 1, 30, "102s")
    for status, headers, _ in answer.interims:
        for name, value in headers:
            if name in ("connection", "content-length", "transfer-encoding", "content-type"):
                fail("a 102 with %s: %s" % (name, value))
