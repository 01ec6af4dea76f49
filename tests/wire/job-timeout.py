#!/usr/bin/env python3
"""--job-timeout stops a job that lasts longer, cleanly, and says so; others are left alone."""
from longops import *

SLOW = "ficlone=30,copy_file_range=30,sendfile=30,read=30"

with Server("--heartbeat", "30", "--job-timeout", "0.7", slow=SLOW, match="slow") as s:
    write_tree(s.path("slow"), 10, 20)
    write_tree(s.path("quick"), 10, 20)
    s.write("copy/old", "old")
    before = tree(s.root)
    answer = s.request("COPY", "/slow", {"Destination": "/copy"})
    same(answer.status, 503, "the answer")
    same(b"long" in answer.body or b"time" in answer.body, True, "it says why: %r" % answer.body)
    eventually(lambda: not strays(s.root), "nothing of ours is left")
    same(tree(s.root), before, "the folder")
    accepted = s.request("COPY", "/slow", [("Destination", "/copy2"), ("Prefer", "respond-async, wait=0")])
    same(accepted.status, 202)
    found = []
    eventually(lambda: found.append(json.loads(s.request("GET", accepted.get("location")).body)) or
               "result" in found[-1], "its end")
    same(found[-1]["state"] in ("failed", "cancelled"), True, found[-1]["state"])
    same(found[-1]["result"]["status"], 503)
    same(re.search("long|time", found[-1]["result"].get("message", "")) is not None, True, "the page says why")
    same(s.path("copy2").exists(), False)
    same(s.request("COPY", "/quick", {"Destination": "/quick2"}).status, 201, "one that is quick enough")
