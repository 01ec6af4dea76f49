#!/usr/bin/env python3
"""More slow operations than workers: all of them end, and small requests pass them by meanwhile."""
from holdfast import *

DELAY = "ficlone=30,copy_file_range=30,sendfile=30,read=30"
with Server("--workers", "2", "--heartbeat", "0.2", slow=DELAY, match="slow") as s:
    write_tree(s.path("slow"), 1, 15)
    s.write("small.txt", "small")
    clients = [s.connect() for _ in range(6)]
    for i, c in enumerate(clients):
        c.start("COPY", "/slow", {"Destination": "/copy%d" % i})
    for c in clients:
        same(c.response_head().status, 102)
    same(s.request("PUT", "/new.txt", {}, "new").status, 201)
    same([i for i in range(6) if s.path("copy%d" % i).exists()] != list(range(6)), True, "not all done yet")
    for c in clients:
        same(c.response("COPY").status, 201)
    for i in range(6):
        same(len(tree(s.path("copy%d" % i))), 16)
