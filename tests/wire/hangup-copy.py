#!/usr/bin/env python3
"""A client that hangs up in the middle of a slow COPY does not stop it, nor leave it half done."""
from holdfast import *

DELAY = "ficlone=20,copy_file_range=20,sendfile=20,read=20,renameat2=400"
for options in (["--heartbeat", "0.1"], ["--heartbeat-mode", "off"]):
    with Server(*options, slow=DELAY, match="slow") as s:
        write_tree(s.path("slow"), 2, 10)
        wanted = tree(s.path("slow"))
        for reset in (False, True):
            target = "/slow-there-%s" % reset
            s.mark.unlink(missing_ok=True)
            c = s.connect()
            c.start("COPY", "/slow", {"Destination": target})
            eventually(s.mark.exists, "the operation has begun")
            if reset:
                c.reset()
            else:
                c.close()
            eventually(s.path(target[1:]).exists, "the result is there")
            same(tree(s.path(target[1:])), wanted)
            same(s.path("slow").exists(), "COPY" == "COPY", "the source is still there")
            eventually(lambda: not strays(s.root), "nothing of ours lies about")
            if "COPY" == "MOVE":
                s.path(target[1:]).rename(s.path("slow"))
        s.alive()
