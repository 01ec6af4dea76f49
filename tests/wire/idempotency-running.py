#!/usr/bin/env python3
"""An Idempotency-Key while its operation runs: the same request joins, another is 422; users do not share keys."""
from longops import *

with Held("--heartbeat", "30", users={"ann": "a-secret", "bob": "b-secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    key = {"Idempotency-Key": "k"}
    s.write("slow/a", "x")
    s.write("slow2/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved", **key, **ann})
    same(s.accepted("MOVE", "/slow", {"Destination": "/moved", **key, **ann}), job, "the same")
    same(s.request("MOVE", "/slow2", {"Destination": "/moved", **key, **ann}).status, 422, "another")
    his = s.accepted("MOVE", "/slow2", {"Destination": "/moved2", **key, **bob})
    same(his == job, False, "somebody else with the same key")
    with s.connect() as d:  # the conflict is told before the body
        d.send(d.head("PUT", "/new", {**key, **ann, "Content-Length": "1000000", "Expect": "100-continue"}))
        same(d.response_head().status, 422, "with Expect")
    s.open_gate()
    for i in range(3):
        same(s.request("MOVE", "/slow", {"Destination": "/moved", **key, **ann}).status, 201, "afterwards")
        same(s.request("MOVE", "/slow2", {"Destination": "/moved2", **key, **bob}).status, 201, "his")
    same(s.request("MOVE", "/slow", {"Destination": "/moved", **key, **bob}).status, 422, "his key, her request")
