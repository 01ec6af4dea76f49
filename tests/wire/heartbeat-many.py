#!/usr/bin/env python3
"""A hundred heartbeats on one request do no harm: the final status comes, the connection serves on."""
from holdfast import *

with Server("--heartbeat", "0.02", slow="renameat2=3000", match="slow") as s:
    s.write("slow/a", "x")
    with s.connect() as c:
        answer = c.request("MOVE", "/slow", {"Destination": "/moved"})
        same(answer.status, 201)
        within(len(answer.interims), 60, 200, "102s")
        same(c.request("GET", "/moved/a").body, b"x")
