#!/usr/bin/env python3
"""kill -9 during COPY: the old destination is whole, and after the restart nothing of ours is left."""
from holdfast import *

COPYING = "ficlone=30,copy_file_range=30,sendfile=30,read=30"
for slow, gate in ((COPYING, False), ("renameat2=0", True), ("syncfs=0,fsync=0", True), ("unlinkat=0", True)):
    with Server("--heartbeat", "0.1", slow=slow, match="/root" if gate else "slow", gate=gate) as s:
        write_tree(s.path("slow"), 3, 20)
        s.write("sub/old/a", "old content")
        wanted, old = tree(s.path("slow")), {"a": b"old content"}
        c, d = s.connect(), s.connect()
        c.start("COPY", "/slow", {"Destination": "/sub/old"})
        d.start("COPY", "/slow", {"Destination": "/sub/new"})
        eventually(s.mark.exists, "%s was met" % slow)
        if not gate:
            same(c.response_head().status, 102)
        s.kill()
        same(tree(s.path("sub/old")) in (wanted, old), True, "the destination is old or new (%s)" % slow)
        same(s.path("sub/new").exists() and tree(s.path("sub/new")) != wanted, False, "no half copy (%s)" % slow)
        same(tree(s.path("slow")), wanted, "the source")
        s.slow = None
        s.start()
        eventually(lambda: not strays(s.root), "the purge after the restart (%s)" % slow)
        same(s.request("COPY", "/slow", {"Destination": "/sub/old"}).status, 204)
        same(tree(s.path("sub/old")), wanted)
