#!/usr/bin/env python3
"""With two workers and two slow operations running, other clients' small requests are served at once."""
from holdfast import *

DELAY = "ficlone=50,copy_file_range=50,sendfile=50,read=50"
with Server("--workers", "2", "--heartbeat", "0.2", slow=DELAY, match="slow") as s:
    write_tree(s.path("slow"), 3, 40)
    s.write("small.txt", "small")
    slow = [s.connect(), s.connect()]
    for i, c in enumerate(slow):
        c.start("COPY", "/slow", {"Destination": "/copy%d" % i})
    for c in slow:
        same(c.response_head().status, 102)
    begun = time.monotonic()
    for i in range(3):
        same(s.request("GET", "/small.txt").body, b"small")
        same(s.request("PUT", "/new%d.txt" % i, {}, "new").status, 201)
        same(len(propfind(s, "/small.txt")), 1)
        same(s.request("MKCOL", "/folder%d" % i).status, 201)
        same(proppatch(s, "/small.txt", "<D:set><D:prop><a xmlns='u:'>1</a></D:prop></D:set>").status, 207)
        token = lock_token(lock(s, "/small.txt"))
        same(s.request("UNLOCK", "/small.txt", {"Lock-Token": "<%s>" % token}).status, 204)
        same(s.request("MOVE", "/new%d.txt" % i, {"Destination": "/folder%d/n" % i}).status, 201)
        same(s.request("DELETE", "/folder%d" % i).status, 204)
    took = time.monotonic() - begun
    for i in range(2):
        same(s.path("copy%d" % i).exists(), False, "the slow operations are still running")
    within(took, 0, 3 * PATIENCE, "seconds for 24 small requests")
    for c in slow:
        same(c.response("COPY").status, 201)
