#!/usr/bin/env python3
"""A slow COPY sends 102 at every heartbeat, then 201; the connection then serves the next request."""
from holdfast import *

DELAY = "ficlone=25,copy_file_range=25,sendfile=25,read=25"
with Server("--heartbeat", "0.1", slow=DELAY, match="slow") as s:
    write_tree(s.path("slow"), 4, 10)
    with s.connect() as c:
        answer = c.request("COPY", "/slow", {"Destination": "/copy", "User-Agent": "curl/7.88.1"})
        same(answer.status, 201)
        same({status for status, _, _ in answer.interims}, {102}, "interims")
        within(len(answer.interims), 3, 100, "how many")
        same(answer.get("connection", "keep-alive").lower(), "keep-alive", "Connection")
        after = c.request("GET", "/copy/d003/f009")
        same(after.status, 200)
        same(after.interims, [])
        same(after.body, s.read("slow/d003/f009"))
        # and once more on the same connection
        again = c.request("COPY", "/slow", {"Destination": "/copy2"})
        same(again.status, 201)
        within(len(again.interims), 3, 100, "how many the second time")
    same(tree(s.path("copy")), tree(s.path("slow")))
