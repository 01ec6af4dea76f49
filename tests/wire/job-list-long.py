#!/usr/bin/env python3
"""What runs comes first on the list of jobs, also when a thousand that have ended would fill it."""
from longops import *

KEPT = 1000

with Held("--heartbeat", "30", "--durability", "relaxed") as s:
    s.write("slow/a", "x")

    def fill(part):
        with s.connect() as c:
            for i in range(part, KEPT, 4):
                same(c.request("PUT", "/f%d" % i, {"Idempotency-Key": "k%d" % i}, "x").status, 201)

    parallel(4, fill)
    same({job["state"] for job in s.jobs()}, {"succeeded"}, "states")
    uri = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    s.is_held()
    jobs = s.jobs()
    same(len(jobs), KEPT, "jobs on the list")
    same((jobs[0]["id"], jobs[0]["state"]), (uri.rsplit("/", 1)[1], "running"), "the first")
    same({job["state"] for job in jobs[1:]}, {"succeeded"}, "the others")
    s.open_gate()
    s.ended(uri)
