#!/usr/bin/env python3
"""Five hundred idle and half-open connections hold up nobody."""
from holdfast import *

with Server() as s:
    idle = [s.connect() for _ in range(500)]
    for i, c in enumerate(idle):
        if i % 3 == 1:
            c.send("GET / HT")
        elif i % 3 == 2:
            c.send(c.head("PUT", "/never%d" % i, {"Content-Length": "10"}) + b"12345")
    for i in range(10):
        same(s.request("PUT", "/a%d" % i, {}, "x").status, 201)
    for c in idle:
        c.close()
    eventually(lambda: sorted(os.listdir(s.root)) == ["a%d" % i for i in range(10)], "nothing of the broken ones is left")
    s.alive()
