#!/usr/bin/env python3
"""kill -9 during PUT, in the body and at each step of its publication: old content whole, no stray file."""
from holdfast import *

met = set()
for step in ("body", "fsync", "fdatasync", "linkat", "renameat2", "setxattr"):
    slow = None if step == "body" else step + "=0"
    with Server(slow=slow, match="/root", gate=step != "body") as s:
        s.write("sub/old", "old content")
        os.setxattr(s.path("sub/old"), b"user.test", b"1")
        c, d = s.connect(), s.connect()
        if step == "body":
            c.send(c.head("PUT", "/sub/old", {"Content-Length": "3000000"}) + b"x" * 2000000)
            d.send(d.head("PUT", "/sub/new", {"Content-Length": "3000000"}) + b"x" * 2000000)
            eventually(lambda: s.request("GET", "/sub/old").body == b"old content", "the server has seen it")
        else:
            c.start("PUT", "/sub/old", {}, "new content")
            d.start("PUT", "/sub/new", {}, "new content")
            end = time.monotonic() + 2 * PATIENCE
            while not s.mark.exists() and time.monotonic() < end:
                time.sleep(0.01)
            if s.mark.exists():
                met.add(step)
        s.kill()
        same(s.read("sub/old"), (b"old content", b"new content"), step)
        if s.path("sub/new").exists():
            same(s.read("sub/new"), b"new content", step)
        s.slow = None
        s.start()
        eventually(lambda: not strays(s.root), "the purge after %s" % step)
        same(s.request("GET", "/sub/old").body, (b"old content", b"new content"))
        same(s.request("PUT", "/sub/old", {}, "third").status, 204)
same(len(met) >= 2, True, "steps of the publication at which it was killed: %s" % met)
