#!/usr/bin/env python3
"""kill -9 while a deleted tree is being purged behind the answer: the restart finishes it."""
from holdfast import *

with Server(slow="unlinkat=30") as s:
    write_tree(s.path("sub/d"), 5, 30)
    same(s.request("DELETE", "/sub/d").status, 204)
    s.kill()
    same(s.path("sub/d").exists(), False, "it is gone for clients")
    s.slow = None
    s.start()
    eventually(lambda: not strays(s.root), "the rest is purged")
    same(tree(s.root), {"sub": None})
