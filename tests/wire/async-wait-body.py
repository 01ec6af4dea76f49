#!/usr/bin/env python3
"""wait=N is how long the client waits for the answer, so it counts from the end of its body, however slowly that came."""
from longops import *

WAIT = 3

with Held("--heartbeat", "30", slow="linkat=300,renameat2=300", gate=False) as s:
    with s.connect() as c:
        c.send(c.head("PUT", "/slow", {"Prefer": "respond-async, wait=%d" % WAIT, "Content-Length": str(WAIT + 1)}))
        for _ in range(WAIT + 1):  # longer than wait=N in all
            time.sleep(1)
            c.send("x")
        same(c.response("PUT").status, 201)
    same(s.read("slow"), b"x" * (WAIT + 1))
    eventually(lambda: re.findall(r'"PUT /slow" (\d+)', s.log()) == ["201"], "one PUT and one answer in the log")
