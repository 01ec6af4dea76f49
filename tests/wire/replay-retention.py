#!/usr/bin/env python3
"""A result that nobody got is told within --job-retention, and not after it."""
from longops import *

for retention in ("1", "0", "600"):
    with Held("--heartbeat", "0.1", "--job-retention", retention) as s:
        s.write("slow/a", "x")
        c = s.connect()
        c.start("MOVE", "/slow", {"Destination": "/moved", "User-Agent": "curl/8"})
        same(c.response_head().status, 102)
        uri = "/.holdfast/jobs/" + s.jobs()[0]["id"]
        c.reset()
        s.open_gate()
        eventually(s.path("moved").exists, "the MOVE is done")
        if retention == "600":
            same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, 201, "within the retention")
        else:
            eventually(lambda: s.request("GET", uri).status == 404, "its page is gone")
            same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, 404, "after the retention")
