#!/usr/bin/env python3
"""The request target as absolute URI, with a query, with a fragment, as *, of another host."""
from holdfast import *

with Server() as s, s.connect() as c:
    s.write("a b.txt", "x")
    here = c.authority()
    same(c.request("GET", "http://%s/a%%20b.txt" % here).body, b"x")
    same(c.request("GET", "/a%20b.txt?download=1&x=%zz").body, b"x")
    same(c.request("GET", "//a%20b.txt").body, b"x")
    same(c.request("GET", "//%s/a%%20b.txt" % here).status, 404, "no network path")
    answer = c.request("OPTIONS", "*")
    within(answer.status, 200, 204)
    same("PROPFIND" in answer.get("allow", ""), True, "Allow of *")
    same(s.request("GET", "*").status, (400, 404, 405))
    same(s.request("GET", "http://%s" % here).status, (200, 400))
    s.alive()
