#!/usr/bin/env python3
"""PUT with Expect: 100-continue: one 100 first, then 102s, then 201, in that order."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="fsync=500,fdatasync=500,linkat=500,renameat2=500") as s:
    with s.connect() as c:
        c.send(c.head("PUT", "/a.txt", {"Content-Length": "5", "Expect": "100-continue"}))
        same(c.response_head().status, 100)
        c.send("hello")
        answer = c.response("PUT")
        same(answer.status, 201)
        same({status for status, _, _ in answer.interims}, {102}, "interims after the body")
        same(c.request("GET", "/a.txt").body, b"hello")
