#!/usr/bin/env python3
"""kill -9 during MOVE and DELETE: each tree is there or gone, never in part, and no stray is left."""
from holdfast import *

for slow in ("renameat2=0", "unlinkat=0", "fsync=0"):
    with Server(slow=slow, match="/root", gate=True) as s:
        for name in ("m", "t", "d"):
            write_tree(s.path(name), 2, 5)
        whole = tree(s.path("m"))
        s.write("t/old", "old")
        old = tree(s.path("t"))
        c, d = s.connect(), s.connect()
        c.start("MOVE", "/m", {"Destination": "/t"})
        d.start("DELETE", "/d")
        eventually(s.mark.exists, slow)
        s.kill()
        if s.path("m").exists():
            # before the move, or after an exchange and before what was replaced is put away
            same(tree(s.path("m")) in (whole, old), True, "the source (%s)" % slow)
        same(tree(s.path("t")) in (whole, old), True, "the target (%s)" % slow)
        if s.path("d").exists():
            same(tree(s.path("d")), whole, "the deleted one (%s)" % slow)
        s.slow = None
        s.start()
        eventually(lambda: not strays(s.root), "strays are purged (%s)" % slow)
        if s.path("m").exists():
            same(tree(s.path("m")), whole, "the source after the restart (%s)" % slow)
            same(tree(s.path("t")), old, "the target after the restart (%s)" % slow)
        else:
            same(tree(s.path("t")), whole, "the target after the restart (%s)" % slow)
