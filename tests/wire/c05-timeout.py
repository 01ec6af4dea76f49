#!/usr/bin/env python3
"""C5: Timeout: Infinite, Second-4100000000 is understood and bounded."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    for timeout in ("Infinite, Second-4100000000", "Second-4100000000", "Infinite", "Second-600", "Extend, Second-60"):
        answer = lock(s, "/a", headers={"Timeout": timeout})
        same(answer.status, 200, timeout)
        granted = re.search(rb"<D:timeout>\s*(Infinite|Second-(\d+))\s*</D:timeout>", answer.body)
        same(bool(granted), True, "a timeout in %r" % answer.body)
        if timeout == "Second-600":
            same(granted[2], b"600")
        same(s.request("UNLOCK", "/a", {"Lock-Token": answer.get("lock-token")}).status, 204)
