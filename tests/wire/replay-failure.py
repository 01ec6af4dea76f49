#!/usr/bin/env python3
"""A failure that nobody heard is not told to the next request: what stood in the way may be gone."""
from longops import *

COPY = ("COPY", "/a", {"Destination": "/b"})

with Held("--heartbeat", "30", "--workers", "1") as s:
    for name in ("first/f", "a/f", "b/old"):
        s.write(name, name)
    first = s.accepted("COPY", "/first", {"Destination": "/slow"})  # keeps the only worker
    with s.connect() as c:
        c.start(*COPY)
        s.has_read(c)
        c.reset()
    same(lock(s, "/b", headers={"Timeout": "Second-2"}).status, 200)
    s.open_gate()
    same(s.ended(first)["result"]["status"], 201)
    eventually(lambda: '"COPY /a"' in s.log(), "the failure is logged")
    same(re.findall(r'"COPY /a" (\d+)', s.log()), ["423"], "what nobody heard")
    eventually(lambda: b"<D:activelock" not in s.request("PROPFIND", "/b", {"Depth": "0"}).body, "the lock runs out")
    same(s.request(*COPY).status, 204, "the same request, now that the lock has gone")
    same(tree(s.path("b")), {"f": b"a/f"})
