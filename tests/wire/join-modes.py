#!/usr/bin/env python3
"""Whatever signs of life they get, and however they connect, those that ask for the same get the same answer."""
from longops import *

MODES = {  # name: headers, protocol
    "interim": ({"User-Agent": "curl/7.88.1"}, "HTTP/1.1"),
    "silent": ({"User-Agent": "rclone/v1.60"}, "HTTP/1.1"),
    "multistatus": ({"User-Agent": "cadaver/0.24 neon/0.33.0"}, "HTTP/1.1"),
    "waiting": ({"Prefer": "respond-async, wait=60"}, "HTTP/1.1"),
    "HTTP/1.0": ({}, "HTTP/1.0"),
    "closing": ({"Connection": "close"}, "HTTP/1.1"),
}

for first in MODES:
    with Held("--heartbeat", "0.2") as s:
        s.write("slow/a", "x")
        connections = {}
        for name in [first] + [other for other in MODES if other != first]:
            headers, proto = MODES[name]
            connections[name] = s.connect()
            connections[name].start("MOVE", "/slow", {"Destination": "/moved", "Overwrite": "F", **headers}, proto=proto)
            s.has_read(connections[name])
            if name == first:
                s.is_held()
        accepted = s.request("MOVE", "/slow", at_once({"Destination": "/moved", "Overwrite": "F"}))
        same(accepted.status, 202, "one that does not want to wait")
        same(connections["interim"].response_head().status, 102, "signs of life for who bears them")
        begun = connections["multistatus"].response_head()
        same(begun.status, 207, "likewise")
        same(len(s.jobs()), 1, "jobs when %s came first" % first)
        s.open_gate()
        begun.body = connections.pop("multistatus").body(begun, "MOVE")
        inside = multistatus(begun)
        answers = {name: c.response("MOVE") for name, c in connections.items()}
        same([status for status, _ in inside.values()], [201], "inside the 207")
        for name, answer in answers.items():
            same(answer.status, 201, "%s, when %s came first" % (name, first))
            same(answer.get("location"), answers["silent"].get("location"), "Location for %s" % name)
        same(s.ended(accepted.get("location"))["result"]["status"], 201, "its page")
        same(tree(s.root), {"moved": None, "moved/a": b"x"})
        same(s.hows("MOVE", 7).count("ran"), 1, "how many ran")
