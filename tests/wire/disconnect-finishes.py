#!/usr/bin/env python3
"""By default a job goes on and ends when its client hangs up, however many of them there were."""
from longops import *

for options in ([], ["--on-disconnect", "finish"]):
    with Held("--heartbeat", "0.1", *options) as s:
        s.write("slow/a", "x")
        connections = [s.connect() for _ in range(5)]
        for c in connections:
            c.start("MOVE", "/slow", {"Destination": "/moved"})
            same(c.response_head().status, 102)
        for c in connections:
            c.reset()
        same([job["state"] for job in s.jobs()], ["running"], "jobs")
        s.open_gate()
        eventually(s.path("moved/a").exists, "it is done")
        same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, 201, "the next who asks")

SLOW = "ficlone=40,copy_file_range=40,sendfile=40,read=40"
with Server("--heartbeat", "0.1", slow=SLOW, match="slow") as s:  # one that could still be stopped
    write_tree(s.path("slow"), 5, 10)
    with s.connect() as c:
        c.start("COPY", "/slow", {"Destination": "/copy", "Overwrite": "F"})
        same(c.response_head().status, 102)
        c.reset()
    eventually(s.path("copy").exists, "the copy")
    same(tree(s.path("copy")), tree(s.path("slow")), "the copy")
    same(s.request("COPY", "/slow", {"Destination": "/copy", "Overwrite": "F"}).status, 201, "the next who asks")
