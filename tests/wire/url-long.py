#!/usr/bin/env python3
"""A very long URL is 414, a name that is too long for the file system a clear 4xx."""
from holdfast import *

with Server() as s:
    same(s.request("GET", "/" + "a" * 100000).status, 414)
    same(s.request("PROPFIND", "/" + "a/" * 30000).status, 414)
    for method in ("GET", "PUT", "MKCOL", "DELETE", "PROPFIND", "LOCK"):
        body = "x" if method == "PUT" else lock_body() if method == "LOCK" else None
        answer = s.request(method, "/" + "n" * 300, {}, body)
        within(answer.status, 400, 499, method)
    s.write("a", "x")
    for method in ("COPY", "MOVE"):
        within(s.request(method, "/a", {"Destination": "/" + "n" * 300}).status, 400, 499, method)
        within(s.request(method, "/a", {"Destination": "/" + "n/" * 3000}).status, 400, 499, method)
    name = "ü" * 127
    same(s.request("PUT", "/" + "%C3%BC" * 127, {}, "fits").status, 201, "254 bytes")
    same(s.read(name), b"fits")
    same(list(propfind(s, "/" + "%C3%BC" * 127)), ["/" + "%C3%BC" * 127])
    s.alive()
