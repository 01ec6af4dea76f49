#!/usr/bin/env python3
"""An orderly stop right after a DELETE finishes the purge: nothing hidden is left in the folder."""
from holdfast import *

with Server() as s:
    for turn in range(10):
        write_tree(s.path("d"), 5, 20)
        same(s.request("DELETE", "/d").status, 204)
        s.stop()
        same(strays(s.root), [], "after the stop")
        s.start()
