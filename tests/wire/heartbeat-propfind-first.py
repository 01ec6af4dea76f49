#!/usr/bin/env python3
"""A PROPFIND that cannot begin for a while sends 102s until its 207 begins."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="statx=700,openat2=700", match="slow") as s:
    s.write("slow/a", "x")
    with s.connect() as c:
        answer = c.request("PROPFIND", "/slow", {"Depth": "infinity"})
        same(len(multistatus(answer)), 2)
        within(len(answer.interims), 1, 60, "102s")
        same(c.request("OPTIONS", "/").status, (200, 204))
