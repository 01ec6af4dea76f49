#!/usr/bin/env python3
"""A request sent behind a slow one, without waiting, is answered after it and whole."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=500", match="slow") as s:
    s.write("slow/a", "content of a")
    with s.connect() as c:
        c.send(c.head("MOVE", "/slow", {"Destination": "/moved"}) + c.head("GET", "/moved/a"))
        answer = c.response("MOVE")
        same(answer.status, 201)
        within(len(answer.interims), 1, 60, "102s")
        answer = c.response("GET")
        same((answer.status, answer.body), (200, b"content of a"))
