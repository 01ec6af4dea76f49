#!/usr/bin/env python3
"""--on-disconnect cancel inside an early 207: who hangs up stops it long before the next beat; its key is free again."""

from longops import *

HEARTBEAT = 4
READING = "ficlone=100,copy_file_range=100,sendfile=100,read=100"  # unless the gate is open
WAYS = ("close", "reset", "half")


def request(way):
    return "COPY", "/slow", {"Destination": "/copy-" + way, "Idempotency-Key": way}


with Held("--on-disconnect", "cancel", "--heartbeat-mode", "multistatus", "--heartbeat", str(HEARTBEAT),
          slow=READING) as s:
    write_tree(s.path("slow"), 10, 60)
    before = tree(s.root)
    connections = [s.connect() for _ in WAYS]
    for c, way in zip(connections, WAYS):
        c.start(*request(way))
    for c in connections:
        same(c.response_head().status, 207)
    same([job["state"] for job in s.jobs()], ["running"] * len(WAYS), "jobs in their early 207")
    for c, way in zip(connections, WAYS):
        if way == "half":
            c.end()
        else:
            c.reset() if way == "reset" else c.close()
    eventually(lambda: "running" not in [job["state"] for job in s.jobs()], "they are stopped", HEARTBEAT * 0.75)
    eventually(lambda: not strays(s.root), "nothing of ours is left")
    same(tree(s.root), before, "the folder")
    s.open_gate()
    for way in WAYS:
        for _ in range(2):  # it is done; then its key knows it
            same(s.request(*request(way)).status, 201, "the retry of who left by " + way)
        same(tree(s.path("copy-" + way)), tree(s.path("slow")), "the copy")
    same(s.hows("COPY", 9), ["ran"] * 6 + ["replayed"] * 3, "the COPYs")
