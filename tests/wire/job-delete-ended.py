#!/usr/bin/env python3
"""DELETE of a job that has ended changes nothing: 409, and its result stays as it was."""
from longops import *

with Held("--heartbeat", "30") as s:
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    s.open_gate()
    ended = s.ended(job)
    same(s.request("DELETE", job).status, 409)
    same(s.job(job), ended, "its page")
    same(s.read("moved/a"), b"x")
    same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, 201, "the result is still to be had")
