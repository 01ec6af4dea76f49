#!/usr/bin/env python3
"""Results that nobody fetched are kept across a kill and a stop: for their owner, until the retention ends."""
from longops import *

with Held("--heartbeat", "30", "--job-retention", "600", users={"ann": "secret", "bob": "secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    s.write("slow/a", "x")
    s.write("slow2", "x")
    moved = s.accepted("MOVE", "/slow", {"Destination": "/moved", **ann})
    failed = s.accepted("COPY", "/slow2", {"Destination": "/slow-taken", "Overwrite": "F", **ann})
    s.is_held()
    eventually(lambda: {s.job(moved, ann)["state"], s.job(failed, ann)["state"]} == {"running"}, "both run")
    s.write("slow-taken", "taken")
    s.open_gate()
    before = [s.ended(moved, ann), s.ended(failed, ann)]
    same([job["result"]["status"] for job in before], [201, 412])
    for end in (s.kill, s.stop, s.kill):
        end()
        s.start()
        after = [s.ended(moved, ann), s.ended(failed, ann)]
        for a, b in zip(before, after):
            for name in ("id", "method", "source", "destination", "state", "result", "started"):
                same(b[name], a[name], name)
            within(b["elapsed_seconds"] - a["elapsed_seconds"], -1, 1, "elapsed")
        same({job["id"] for job in s.jobs(ann)}, {job["id"] for job in before}, "listed")
        same((s.request("GET", moved, bob).status, s.jobs(bob)), (404, []), "for others it is not there")
        same(s.request("DELETE", moved, ann).status, 409, "it has ended")
        same(s.request("MOVE", "/slow", {"Destination": "/moved", **ann}).status, 404, "a new request is a new one")
    database = b"".join(path.read_bytes() for path in s.state.iterdir() if path.is_file())
    for secret in (b"secret", ann["Authorization"].split()[1].encode()):
        same(secret in database, False, "no credentials in the state")

with Held("--heartbeat", "30", "--job-retention", "2") as s:
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    s.is_held()
    s.open_gate()
    s.ended(job)
    s.kill()
    s.start()
    s.ended(job)
    eventually(lambda: s.request("GET", job).status == 404, "gone after the retention")
    s.write("b", "x")  # what is forgotten is taken out of the state when the next operation ends
    same(s.request("MOVE", "/b", {"Destination": "/c"}).status, 201)
    s.stop()
    s.start()
    same((s.request("GET", job).status, s.jobs()), (404, []))
