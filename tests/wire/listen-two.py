#!/usr/bin/env python3
"""Two --listen, port 0 each: both serve, and the same folder."""
from holdfast import *

with Server(listen=("127.0.0.1:0", "127.0.0.1:0")) as s:
    first, second = s.addresses
    same(first != second and first[1] > 0 and second[1] > 0, True, "two ports")
    with s.connect(at=first) as a, s.connect(at=second) as b:
        same(a.request("PUT", "/a", {}, "x").status, 201)
        same(b.request("GET", "/a").body, b"x")
        # A lock taken through one door counts at the other.
        token = lock_token(lock(a, "/a"))
        same(b.request("PUT", "/a", {}, "y").status, 423)
        same(b.request("PUT", "/a", {"If": "(<%s>)" % token}, "y").status, 204)
