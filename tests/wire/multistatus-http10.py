#!/usr/bin/env python3
"""HTTP/1.0: the early 207 is not chunked, and ends with the connection."""
from longops import *

with Held("--heartbeat", "0.1", "--heartbeat-mode", "multistatus") as s:
    s.write("slow/a", "x")
    with s.connect() as c:
        c.start("MOVE", "/slow", {"Destination": "/moved"}, proto="HTTP/1.0")
        answer = c.response_head()
        same(answer.status, 207)
        same(answer.get("x-accel-buffering"), "no", "X-Accel-Buffering")
        for name in ("transfer-encoding", "content-length"):
            same(answer.get(name), None, name)
        eventually(lambda: c.fill() and re.match(rb"<\?xml [^\n]*\?>\n?[ \n]{2}", c.buffer), "two blanks")
        s.open_gate()
        answer.body = c.rest()
        same([status for status, _ in multistatus(answer).values()], [201])
