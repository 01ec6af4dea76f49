#!/usr/bin/env python3
"""A thousand identical requests at once: done once, every one has its answer."""
from longops import *

COUNT = 1000

with Held("--heartbeat", "0.5", "--log-level", "info") as s:
    s.write("slow/a", "x")
    s.alive()  # where there are passwords, this one is known now: a thousand at once may not be verified
    connections = [s.connect(60) for _ in range(COUNT)]
    head = connections[0].head("MOVE", "/slow", {"Destination": "/moved"})
    for c in connections:
        c.send(head)
    s.is_held()
    s.has_read(*connections)
    jobs = s.jobs()
    same(len(jobs), 1, "jobs")
    s.open_gate()
    statuses = [c.response("MOVE").status for c in connections]
    same({status: statuses.count(status) for status in set(statuses)}, {201: COUNT}, "answers")
    same(tree(s.root), {"moved": None, "moved/a": b"x"})
    hows = s.hows("MOVE", COUNT)
    same((hows.count("ran"), hows.count("joined")), (1, COUNT - 1), "how they were answered")
    for c in connections:
        c.close()
    s.alive()
