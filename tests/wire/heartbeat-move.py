#!/usr/bin/env python3
"""A slow MOVE sends 102s, evenly spaced, then 201; the connection stays alive."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=900", match="slow") as s:
    s.write("slow/a", "x")
    with s.connect() as c:
        answer = c.request("MOVE", "/slow", {"Destination": "/moved"})
        same(answer.status, 201)
        within(len(answer.interims), 4, 30, "102s in at least 0.9 s")
        times = [at for _, _, at in answer.interims]
        within(times[0], 0.08, 0.9, "the first")
        if not sanitized():
            gaps = [b - a for a, b in zip(times, times[1:])]
            within(sorted(gaps)[len(gaps) // 2], 0.05, 0.2, "the usual gap")
        same(c.request("GET", "/moved/a").body, b"x")
