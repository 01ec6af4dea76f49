#!/usr/bin/env python3
"""C6: Lock-Token is taken without its angle brackets."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    token = lock_token(lock(s, "/a"))
    same(s.request("UNLOCK", "/a", {"Lock-Token": token}).status, 204)
    same(s.request("PUT", "/a", {}, "free again").status, 204)
