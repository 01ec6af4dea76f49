#!/usr/bin/env python3
"""--job-retention: after it a job is gone, its page and its result."""
from longops import *

with Held("--heartbeat", "30", "--job-retention", "1.5") as s:
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    s.open_gate()
    ended = s.ended(job)
    same(ended["result"]["status"], 201)
    same(len(s.jobs()), 1, "listed until then")
    eventually(lambda: s.request("GET", job).status == 404, "gone after the retention")
    same(s.jobs(), [], "the list")
    same(s.request("DELETE", job).status, 404)
    same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, 404, "no replay: there is no source any more")

with Held("--heartbeat", "30", "--job-retention", "1") as s:  # one that runs is not gone, however long it takes
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    eventually(lambda: s.job(job)["elapsed_seconds"] > 2, "it is older than the retention")
    same(s.job(job)["state"], "running")
    s.open_gate()
    same(s.ended(job)["result"]["status"], 201)
