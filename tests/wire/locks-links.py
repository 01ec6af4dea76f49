#!/usr/bin/env python3
"""A LOCK through a link neither makes a file in somebody's locked folder nor locks what is locked there."""
from holdfast import *

with Server() as s:
    s.write("c/f", "x")
    s.path("lc").symlink_to("c")
    same(lock(s, "/c", headers={"Depth": "infinity"}).status, 200)
    for target in ("/c/new", "/lc/new", "/lc/f", "/lc/"):
        same(lock(s, target).status, 423, "LOCK " + target)
    same(sorted(tree(s.root / "c")), ["f"])
