#!/usr/bin/env python3
"""--heartbeat-mode off: no interim answer to anybody."""
from holdfast import *

with Server("--heartbeat", "0.1", "--heartbeat-mode", "off", slow="renameat2=600", match="slow") as s:
    s.write("slow/a", "x")
    with s.connect() as c:
        answer = c.request("MOVE", "/slow", {"Destination": "/moved"})
        same(answer.status, 201)
        same(answer.interims, [])
        same(c.request("GET", "/moved/a").body, b"x")
