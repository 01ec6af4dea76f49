#!/usr/bin/env python3
"""A slow DELETE sends 102s, then 204; the connection stays alive."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=700,unlinkat=700", match="slow") as s:
    s.write("slow-file", "x")
    s.write("slow/a", "x")
    with s.connect() as c:
        for target in ("/slow-file", "/slow/"):
            answer = c.request("DELETE", target)
            same(answer.status, 204, target)
            within(len(answer.interims), 2, 60, "102s for " + target)
        same(c.request("GET", "/slow/a").status, 404)
    eventually(lambda: not strays(s.root), "what was deleted is purged")
