#!/usr/bin/env python3
"""GET /.holdfast/jobs lists the caller's own jobs; somebody else's is neither listed nor to be had: 404."""
from longops import *

with Held("--heartbeat", "30", users={"ann": "a-secret", "bob": "b-secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    same(s.request("GET", "/.holdfast/jobs").status, 401, "without a password")
    same((s.jobs(ann), s.jobs(bob)), ([], []), "at first")
    s.write("slow1/a", "x")
    s.write("slow2/a", "x")
    hers = s.accepted("MOVE", "/slow1", {"Destination": "/moved1", **ann})
    his = s.accepted("MOVE", "/slow2", {"Destination": "/moved2", **bob})
    for user, own, other in ((ann, hers, his), (bob, his, hers)):
        same(["/.holdfast/jobs/" + job["id"] for job in s.jobs(user)], [own], "the list")
        same(s.request("GET", own, user).status, 200)
        unknown = s.request("GET", "/.holdfast/jobs/" + "0" * 32, user)
        for method in ("GET", "HEAD", "DELETE"):
            answer = s.request(method, other, user)
            same(answer.status, 404, "%s of somebody else's" % method)
            if method == "GET":
                same(answer.body, unknown.body, "nothing tells it from one that never was")
        same(s.request("GET", own).status, 401, "without a password")
    s.open_gate()
    for job, user in ((hers, ann), (his, bob)):
        same(s.ended(job, user)["result"]["status"], 201, "it went on")
    for user, own, other in ((ann, hers, his), (bob, his, hers)):
        same(s.request("GET", other, user).status, 404, "somebody else's, after its end")
        same(["/.holdfast/jobs/" + job["id"] for job in s.jobs(user)], [own], "the list afterwards")
