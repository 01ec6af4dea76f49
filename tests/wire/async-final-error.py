#!/usr/bin/env python3
"""The repeated request gets the real final answer, also when that is an error: status, headers and body."""
from longops import *

with Held("--heartbeat", "30") as s:
    s.write("slow/a", "x")
    request = ("MOVE", "/slow", {"Destination": "/moved", "Overwrite": "F"})
    job = s.accepted(*request)
    s.is_held()
    s.path("moved").mkdir()  # behind the server's back, so late that only the rename itself can see it
    s.open_gate()
    result = s.ended(job)["result"]
    same(result["status"], 412, "the status on the job's page")
    answer = s.request("MOVE", "/slow", at_once({"Destination": "/moved", "Overwrite": "F"}))
    same(answer.status, 412, "the repeated request")
    same(answer.get("preference-applied"), None, "Preference-Applied")
    same(s.read("slow/a"), b"x")
    same(s.hows("MOVE", 2), ["accepted", "replayed"], "how they were answered")
