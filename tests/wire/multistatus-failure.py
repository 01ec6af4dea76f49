#!/usr/bin/env python3
"""An early 207 whose operation fails late: the real status is inside, for the resource that it is about."""
from longops import *

with Held("--heartbeat", "0.1", "--heartbeat-mode", "multistatus") as s:
    s.write("slow/a", "x")
    with s.connect() as c:  # somebody makes the destination while the MOVE is about to publish
        c.start("MOVE", "/slow", {"Destination": "/moved", "Overwrite": "F"})
        answer = c.response_head()
        same(answer.status, 207, "the early answer")
        s.is_held()
        s.path("moved").mkdir()
        s.open_gate()
        answer.body = c.body(answer, "MOVE")
        found = multistatus(answer)
        same([status for status, _ in found.values()], [412], str(found))
        same(list(found)[0].rstrip("/"), ("/slow", "/moved"), "which resource")
        same(s.read("slow/a"), b"x", "the source")
        s.alive()
