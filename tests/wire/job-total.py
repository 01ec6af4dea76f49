#!/usr/bin/env python3
"""A COPY of a tree that lasts is counted beside: Progress on its interims and the totals on its page, and at the end
all of it is done."""
import json

from holdfast import *

with Server("--heartbeat", "0.2", slow="copy_file_range=15,ficlone=15,sendfile=15,read=15", match="slow") as s:
    write_tree(s.path("slow"), 10, 30)
    with s.connect(60) as c:
        c.start("COPY", "/slow", {"Destination": "/copy"})
        jobs = lambda: json.loads(s.request("GET", "/.holdfast/jobs").body)["jobs"]
        eventually(lambda: jobs() and jobs()[0]["members"]["total"], "the total is known")
        job = jobs()[0]
        same((job["state"], job["members"]["total"], job["bytes"]["total"]), ("running", 311, 30000), "the job")
        within(job["members"]["done"], 1, 310, "done by then")
        answer = c.response("COPY")
        same(answer.status, 201)
    told = [dict(headers)["progress"] for _, headers, _ in answer.interims if "progress" in dict(headers)]
    same(bool(told), True, "interims that told the progress")
    done = [int(t.split("/")[0]) for t in told]
    same({t.split("/")[1] for t in told}, {"311"}, "the total on interims")
    same(done, sorted(done), "it only grows")
    job = jobs()[0]
    same((job["state"], job["members"]), ("succeeded", {"done": 311, "total": 311}), "in the end")
