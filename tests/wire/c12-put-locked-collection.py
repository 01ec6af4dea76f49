#!/usr/bin/env python3
"""C12: PUT of a new name into a locked collection is a plain 423, not a 207."""
from holdfast import *

with Server() as s:
    s.path("dir").mkdir()
    s.write("dir/old", "x")
    for depth in ("0", "infinity"):
        token = lock_token(lock(s, "/dir/", headers={"Depth": depth}))
        answer = s.request("PUT", "/dir/new", {}, "x")
        same(answer.status, 423, depth)
        same(b"lock-token-submitted" in answer.body, True, "the condition: %r" % answer.body)
        same(b"/dir/" in answer.body, True, "the lock's root: %r" % answer.body)
        same(s.request("PUT", "/dir/old", {}, "y").status, 204 if depth == "0" else 423, "an old member")
        same(s.request("PUT", "/dir/new", {"If": "<%s/dir/> (<%s>)" % (s.url, token)}, "x").status, 201)
        same(s.request("DELETE", "/dir/new", {"If": "<%s/dir/> (<%s>)" % (s.url, token)}).status, 204)
        same(s.request("UNLOCK", "/dir/", {"Lock-Token": "<%s>" % token}).status, 204)
