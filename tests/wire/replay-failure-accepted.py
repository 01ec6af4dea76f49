#!/usr/bin/env python3
"""Who was promised the answer with a 202 is told of a failure too, once, though its cause has gone meanwhile."""
from longops import *

COPY = ("COPY", "/a", {"Destination": "/b"})

with Held("--heartbeat", "30", "--workers", "1") as s:
    for name in ("first/f", "a/f", "b/old"):
        s.write(name, name)
    first = s.accepted("COPY", "/first", {"Destination": "/slow"})  # keeps the only worker
    job = s.accepted(*COPY)
    same(lock(s, "/b", headers={"Timeout": "Second-2"}).status, 200)
    s.open_gate()
    same(s.ended(first)["result"]["status"], 201)
    same(s.ended(job)["result"]["status"], 423, "the result on the page")
    eventually(lambda: b"<D:activelock" not in s.request("PROPFIND", "/b", {"Depth": "0"}).body, "the lock runs out")
    same(s.request(*COPY).status, 423, "the same request again")
    same(s.request(*COPY).status, 204, "once more")
    same(tree(s.path("b")), {"f": b"a/f"})
