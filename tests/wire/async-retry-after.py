#!/usr/bin/env python3
"""Retry-After is short for a young job, and longer when the server is busy or the job has lasted long."""
from longops import *

with Held("--heartbeat", "30", "--workers", "1") as s:
    def ask(i):
        answer = s.request("COPY", "/dir%d" % i, at_once({"Destination": "/slow%d" % i}))
        same(answer.status, 202)
        same(int(answer.get("retry-after")), json.loads(answer.body)["try_again_in_seconds"], "in the body")
        return int(answer.get("retry-after"))

    for i in range(12):
        s.write("dir%d/a" % i, "x")
    first = ask(0)
    within(first, 1, 3, "of a young job")
    for i in range(1, 12):
        last = ask(i)
    same(last > first, True, "longer with twelve waiting for one worker: %d, %d" % (first, last))
    s.open_gate()
    for job in s.jobs():
        s.ended("/.holdfast/jobs/" + job["id"])
    s.shut_gate()
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    eventually(lambda: int(s.request("GET", job).get("retry-after")) > first, "longer for an old job", 40)
    s.open_gate()
    s.ended(job)
    same(s.request("GET", job).get("retry-after"), None, "Retry-After of one that has ended")
