#!/usr/bin/env python3
"""--on-disconnect cancel stops neither what another client still waits for, nor what was accepted with 202."""
from longops import *

SLOW = "ficlone=10,copy_file_range=10,sendfile=10,read=10"
REQUEST = ("COPY", "/slow", {"Destination": "/copy"})

with Server("--heartbeat", "0.1", "--on-disconnect", "cancel", slow=SLOW, match="slow") as s:
    write_tree(s.path("slow"), 10, 15)
    wanted = tree(s.path("slow"))
    with s.connect() as one, s.connect() as two:
        one.start(*REQUEST)
        same(one.response_head().status, 102)
        two.start(*REQUEST)
        same(two.response_head().status, 102)
        same(len(json.loads(s.request("GET", "/.holdfast/jobs").body)["jobs"]), 1, "jobs")
        one.reset()
        same(two.response("COPY").status, 201, "the one that stayed")
    same(tree(s.path("copy")), wanted)
    answer = s.request("COPY", "/slow", {"Destination": "/copy2", "Prefer": "respond-async, wait=0"})
    same(answer.status, 202)
    with s.connect() as c:  # also when somebody has waited for it meanwhile
        c.start("COPY", "/slow", {"Destination": "/copy2"})
        same(c.response_head().status, 102)
        c.reset()
    found = []
    eventually(lambda: found.append(json.loads(s.request("GET", answer.get("location")).body)) or
               "result" in found[-1], "its end", 30)
    same(found[-1]["result"]["status"], 201, "the accepted one")
    same(tree(s.path("copy2")), wanted)
    for one_leaves_last in (False, True):  # and if both go, it is stopped
        s.write("copy/old", "old")
        before = tree(s.root)
        with s.connect() as one, s.connect() as two:
            for c in (one, two):
                c.start(*REQUEST)
                same(c.response_head().status, 102)
            for c in (two, one) if one_leaves_last else (one, two):
                c.reset()
        eventually(lambda: b'"running"' not in s.request("GET", "/.holdfast/jobs").body, "it is stopped")
        eventually(lambda: not strays(s.root), "nothing of ours is left")
        same(tree(s.root), before, "the folder")
