#!/usr/bin/env python3
"""DELETE of a job cancels it: the destination stays as it was, whoever waits is told, its page says so."""
from longops import *

for existing in (False, True):
    with Server("--heartbeat", "30", slow="ficlone=20,copy_file_range=20,sendfile=20,read=20", match="slow") as s:
        write_tree(s.path("slow"), 10, 20)
        if existing:
            s.write("copy/old", "old")
        before = tree(s.root)
        with s.connect() as waiting:
            waiting.start("COPY", "/slow", {"Destination": "/copy"})
            eventually(s.mark.exists, "it has begun")
            job = s.request("COPY", "/slow", [("Destination", "/copy"), ("Prefer", "respond-async, wait=0")])
            same(job.status, 202)
            uri = job.get("location")
            answer = s.request("DELETE", uri)
            within(answer.status, 200, 204, "DELETE of a running job")
            told = waiting.response("COPY")
            same(told.status, 409, "what the one that waits is told")
        found = []
        eventually(lambda: found.append(json.loads(s.request("GET", uri).body)) or "result" in found[-1], "its end")
        same(found[-1]["state"], "cancelled")
        same(found[-1]["result"]["status"], told.status, "the status on its page")
        eventually(lambda: not strays(s.root), "nothing of ours is left")
        same(tree(s.root), before, "the folder")
        same(s.request("DELETE", uri).status, 409, "DELETE of one that has ended")
        same(json.loads(s.request("GET", uri).body)["state"], "cancelled", "polled once more")
        # the same request now is a new operation
        answer = s.request("COPY", "/slow", {"Destination": "/copy", "Prefer": "respond-async, wait=0"})
        same(answer.status, 202)
        same(answer.get("location") == uri, False, "another job")
        s.request("DELETE", answer.get("location"))
