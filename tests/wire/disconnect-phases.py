#!/usr/bin/env python3
"""A client that goes before the first 102, between two, or during the final answer: done once, told to its retry."""
from longops import *

MOVE = ("MOVE", "/slow", {"Destination": "/moved"})

for phase in ("before the first", "between two", "in an early 207"):
    for leave in ("close", "reset", "half"):
        options = ["--heartbeat", "30" if phase == "before the first" else "0.1"]
        if phase == "in an early 207":
            options += ["--heartbeat-mode", "multistatus"]
        with Held(*options) as s:
            s.write("slow/a", "x")
            with s.connect() as c:
                c.start(*MOVE)
                s.is_held()
                if phase == "between two":
                    same([c.response_head().status for _ in range(2)], [102, 102])
                elif phase == "in an early 207":
                    same(c.response_head().status, 207)
                if leave == "half":
                    c.end()
                c.reset() if leave == "reset" else c.close()
                job = s.jobs()[0]
                same(job["state"], "running", "it goes on")
                s.open_gate()
                eventually(s.path("moved").exists, "it is done")
            answer = s.request(*MOVE)
            if answer.status == 207:
                same([status for status, _ in multistatus(answer).values()], [201], "%s, %s" % (phase, leave))
            else:
                same(answer.status, 201, "the retry after one that went %s, %s" % (phase, leave))
            same(s.request(*MOVE).status, 404, "once more")
            same(tree(s.root), {"moved": None, "moved/a": b"x"})
