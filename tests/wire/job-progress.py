#!/usr/bin/env python3
"""The progress of a COPY grows while it runs and reaches its total, in members and in bytes."""
from longops import *

with Server("--heartbeat", "30", slow="ficlone=20,copy_file_range=20,sendfile=20,read=20", match="slow") as s:
    write_tree(s.path("slow"), 4, 20)
    answer = s.request("COPY", "/slow", [("Destination", "/copy"), ("Prefer", "respond-async, wait=0")])
    same(answer.status, 202)
    seen = []

    def is_over():
        seen.append(json.loads(s.request("GET", answer.get("location")).body))
        return "result" in seen[-1]

    eventually(is_over, "the end", 60)
    for what, whole in (("members", 84), ("bytes", 8000)):
        done = [view[what]["done"] for view in seen]
        same(done, sorted(done), "%s never goes back" % what)
        same(len(set(done)) > 3, True, "%s grows: %r" % (what, done))
        within(done[-1], whole, whole + 1, "%s at the end" % what)
        totals = {view[what]["total"] for view in seen} - {None}
        same(all(total in (whole, whole + 1) for total in totals), True, "%s in all: %r" % (what, totals))
    same(seen[-1]["members"]["done"], seen[-1]["members"]["total"] or seen[-1]["members"]["done"])
