#!/usr/bin/env python3
"""X-OC-Mtime sets the modification time and says so; nonsense does not."""
from holdfast import *

with Server() as s:
    answer = s.request("PUT", "/a", {"X-OC-Mtime": "1234567890"}, "x")
    same(answer.status, 201)
    same((answer.get("x-oc-mtime") or "").lower(), "accepted", "X-OC-Mtime")
    same(int(s.path("a").stat().st_mtime), 1234567890)
    same(s.request("GET", "/a").get("last-modified"), "Fri, 13 Feb 2009 23:31:30 GMT")
    answer = s.request("PUT", "/b", {"X-OC-Mtime": "soon"}, "x")
    same(answer.status, (201, 400))
    same(answer.get("x-oc-mtime"), None, "X-OC-Mtime for nonsense")
