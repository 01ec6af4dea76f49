#!/usr/bin/env python3
"""The very same request again while it runs: another 202 with the same Location, however often, from anywhere."""
from longops import *

with Held("--heartbeat", "30") as s:
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    with s.connect() as c:
        for i in range(5):
            answer = c.request("MOVE", "/slow", at_once({"Destination": "/moved"}))
            same(answer.status, 202)
            same(answer.get("location"), job, "Location of repetition %d" % i)
            same(json.loads(answer.body)["id"], job.rsplit("/", 1)[1], "the id in the body")
    same(len(s.jobs()), 1, "jobs")
    s.open_gate()
    same(s.ended(job)["state"], "succeeded")
    same(s.read("moved/a"), b"x")
