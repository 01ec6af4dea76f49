#!/usr/bin/env python3
"""What was cancelled before the server was killed is not done by the next one, whether it ran or waited."""
import sqlite3

from longops import *


def noted(s):
    """How many rows of the state database say so."""
    database = sqlite3.connect("file:%s?mode=ro" % (s.state / "holdfast.db"), uri=True)
    try:
        return database.execute("SELECT count(*) FROM job WHERE status = 409 AND ended_ms = 0").fetchone()[0]
    finally:
        database.close()


with Held("--heartbeat", "30", "--workers", "1") as s:
    for name in ("a", "b", "c"):
        write_tree(s.path("slow-" + name), 2, 2)
    running, waiting, wanted = (s.accepted("COPY", "/slow-" + name, {"Destination": "/slow-to-" + name})
                                for name in ("a", "b", "c"))
    s.is_held()
    for job in (running, waiting):
        same(s.request("DELETE", job).status, 202)
    eventually(lambda: noted(s) == 2, "it is noted")
    s.kill()
    s.open_gate()
    s.start()
    same(s.ended(wanted)["result"]["status"], 201)
    for job in (running, waiting):
        same(s.ended(job)["result"]["status"], 409)
    same(sorted(name for name in os.listdir(s.root) if name.startswith("slow-to")), ["slow-to-c"])
