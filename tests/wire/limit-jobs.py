#!/usr/bin/env python3
"""--max-queued-jobs-per-user and --max-running-jobs-per-user: at, below and above; 429, a line in the log, others go on,
and places come back."""
from longops import *

BOUNDS = ("--max-queued-jobs-per-user", "3", "--max-running-jobs-per-user", "2")


def states(s, user):
    return sorted(job["state"] for job in s.jobs(user))


with Held(*BOUNDS, "--heartbeat", "30", "--durability", "relaxed", users={"ann": "a-secret", "bob": "b-secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]

    def move(user, name):
        s.write("slow-%s/a" % name, "x")
        return s.request("MOVE", "/slow-" + name, at_once({"Destination": "/moved-" + name, **user}))

    same([move(ann, "a%d" % i).status for i in range(2)], [202] * 2, "as many as may run")
    eventually(lambda: states(s, ann) == ["running"] * 2, "both run")
    same([move(ann, "a%d" % i).status for i in range(2, 5)], [202] * 3, "as many as may wait")
    same(states(s, ann), ["running"] * 2 + ["waiting"] * 3, "though there are two workers more")
    for i in range(5, 25):
        answer = move(ann, "a%d" % i)
        same((answer.status, answer.get("retry-after")), (429, "5"), "one more")
    same(move(bob, "b0").status, 202, "another user's")
    eventually(lambda: states(s, bob) == ["running"], "runs beside")
    told = [line for line in s.log().splitlines() if line.endswith("is over --max-queued-jobs-per-user")]
    same(len(told), 1, "lines in the log")
    s.open_gate()
    eventually(lambda: states(s, ann) == ["succeeded"] * 5, "all of them end")
    same(move(ann, "a30").status, (201, 202), "places came back")

# Where nobody logs in, an address has what a user has.
with Held(*BOUNDS, "--heartbeat", "30", "--durability", "relaxed", "--workers", "1") as s:
    for i in range(5):
        s.write("slow-%d/a" % i, "x")
    for i in range(4):
        s.accepted("MOVE", "/slow-%d" % i, {"Destination": "/moved-%d" % i})
        eventually(lambda: "running" in states(s, {}), "one is at work")
    same(s.request("MOVE", "/slow-4", {"Destination": "/moved-4"}).status, 429)
    s.open_gate()
    eventually(lambda: states(s, {}) == ["succeeded"] * 4, "all of them end")
