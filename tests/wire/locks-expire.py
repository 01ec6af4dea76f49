#!/usr/bin/env python3
"""A lock ends when its time is over, also when that happens while the server is down."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    s.write("b", "x")
    for name in ("/a", "/b"):
        same(lock(s, name, headers={"Timeout": "Second-1"}).status, 200)
    same(s.request("PUT", "/a", {}, "y").status, (423, 204))
    eventually(lambda: s.request("PUT", "/a", {}, "y").status == 204, "the lock has expired")
    same(lock(s, "/b", headers={"Timeout": "Second-1"}).status, (200, 423))
    s.stop()
    time.sleep(1.1)
    s.start()
    same(s.request("PUT", "/b", {}, "y").status, 204)
