#!/usr/bin/env python3
"""C16: a Depth: infinity listing has every folder, however many."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir"), 300, 3)
    deep = s.path("deep" + "/x" * 200)
    deep.mkdir(parents=True)
    same(len(propfind(s, "/dir", dav("resourcetype"), depth="infinity")), 1 + 300 + 900)
    same(len(propfind(s, "/deep", dav("resourcetype"), depth="infinity")), 201)
