#!/usr/bin/env python3
"""A result that nobody got is told to the next who asks for the same, once; what was told is not told again."""
from longops import *

REQUESTS = [("MOVE", "/slow", {"Destination": "/moved"}, None, 201, 404),
            ("DELETE", "/slow", {}, None, 204, 404),
            ("COPY", "/source", {"Destination": "/slow-copy", "Overwrite": "F"}, None, 201, 412),
            ("PUT", "/slow.txt", {"If-None-Match": "*"}, "content", 201, 412)]

for method, target, headers, body, first, second in REQUESTS:
    for heartbeat, hang_up in (("0.1", "close"), ("30", "reset")):
        with Held("--heartbeat", heartbeat) as s:
            s.write("slow/a", "x")
            s.write("source/a", "x")
            before = tree(s.root)
            c = s.connect()
            c.start(method, target, headers, body)
            s.is_held()
            c.reset() if hang_up == "reset" else c.close()
            s.open_gate()
            eventually(lambda: tree(s.root) != before, "%s is done" % method)
            answer = s.request(method, target, headers, body)
            same(answer.status, first, "the first repetition of %s" % method)
            answer = s.request(method, target, headers, body)
            same(answer.status, second, "the second repetition of %s" % method)
