#!/usr/bin/env python3
"""Expect: 100-continue: 401 before the body, whether the password is looked at in a worker or not at all."""
from holdfast import *

WRONG = {"Authorization": "Basic YWxpY2U6d3Jvbmc="}  # alice:wrong
with Server(users={"alice": "swordfish-4711"}) as s:
    for method in ("PUT", "LOCK", "PROPFIND", "PROPPATCH"):
        for expect in ("100-continue", "100-continue, foo", "foo"):
            for headers in ({}, WRONG):
                with s.connect() as c:
                    c.send(c.head(method, "/a", {"Content-Length": "5", "Expect": expect, **headers}))
                    answer = c.response(method)
                    same(answer.status, 401, "%s %s %s" % (method, expect, headers))
                    same(answer.interims, [])
                    same(answer.get("connection"), "close")
                    same(c.is_closed(), True, "closed")
