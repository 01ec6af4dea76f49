#!/usr/bin/env python3
"""A result that nobody got is told to nobody else but the user whose it is."""
from longops import *

with Held("--heartbeat", "0.1", users={"ann": "a-secret", "bob": "b-secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    s.write("slow/a", "x")
    c = s.connect()
    c.start("MOVE", "/slow", {"Destination": "/moved", **ann})
    s.is_held()
    c.reset()
    s.open_gate()
    eventually(s.path("moved/a").exists, "the MOVE is done")
    same(s.request("MOVE", "/slow", {"Destination": "/moved", **bob}).status, 404, "somebody else's")
    same(s.request("MOVE", "/slow", {"Destination": "/moved", **ann}).status, 201, "one's own")
