#!/usr/bin/env python3
"""A slow PROPFIND Depth: infinity never leaves its client without a byte for long, and ends whole."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="getdents64=60,openat2=20", match="slow") as s:
    write_tree(s.path("slow"), 10, 5)
    with s.connect() as c:
        c.start("PROPFIND", "/slow", {"Depth": "infinity"})
        arrivals, seen, begun = [], 0, time.monotonic()
        while b"</D:multistatus>" not in c.buffer:
            if not c.fill():
                fail("closed before the end")
            arrivals.append(time.monotonic() - begun)
        gaps = [b - a for a, b in zip([0] + arrivals, arrivals)]
        within(arrivals[-1], 0.5, 60, "it was slow")
        within(max(gaps), 0, 0.8 * PATIENCE, "the longest silence")
        answer = c.response("PROPFIND")
        same(len(multistatus(answer)), 61, "responses")
        same({status for status, _, _ in answer.interims} - {102}, set(), "interims")
        same(c.request("GET", "/slow/d001/f001").status, 200)
