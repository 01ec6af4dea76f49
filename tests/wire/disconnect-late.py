#!/usr/bin/env python3
"""--on-disconnect cancel comes too late for a MOVE that is being renamed: it is done, and its retry is told so."""
from longops import *

for headers in ({}, {"Idempotency-Key": "one"}):
    for mode, first in (("interim", 102), ("multistatus", 207)):
        with Held("--on-disconnect", "cancel", "--heartbeat", "0.2", "--heartbeat-mode", mode) as s:
            s.write("slow/a", "x")
            move = ("MOVE", "/slow", {"Destination": "/moved", **headers})
            with s.connect() as c:
                c.start(*move)
                same(c.response_head().status, first)
                s.is_held()
                c.close()
            eventually(lambda: '"MOVE /slow"' in s.log(), "the server has noticed")
            s.open_gate()
            eventually(s.path("moved/a").exists, "it is done all the same")
            eventually(lambda: "running" not in [job["state"] for job in s.jobs()], "and has ended")
            same(s.request(*move).status, 201, "the retry")
            same(s.request(*move).status, 201 if headers else 404, "once more")
            same(tree(s.root), {"moved": None, "moved/a": b"x"})
