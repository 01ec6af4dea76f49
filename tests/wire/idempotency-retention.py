#!/usr/bin/env python3
"""An Idempotency-Key's result is kept for --job-retention, whatever happens to the files, and not longer."""
from longops import *

KEY = {"Destination": "/b", "Idempotency-Key": "k"}

with Server("--heartbeat", "30") as s:
    s.write("a", "x")
    for i in range(20):
        same(s.request("MOVE", "/a", KEY).status, 201, "repetition %d" % i)
        s.write("a", "new %d" % i) if i % 2 else s.path("b").unlink(missing_ok=True)
    same(s.read("a"), b"new 19", "it was done once")

with Server("--heartbeat", "30", "--job-retention", "1") as s:
    s.write("a", "x")
    same(s.request("MOVE", "/a", KEY).status, 201)
    eventually(lambda: s.request("MOVE", "/a", KEY).status == 404, "a new operation after the retention")
