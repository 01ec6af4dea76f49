#!/usr/bin/env python3
"""--on-disconnect cancel: a client that hangs up stops its operation; everything is as it was before."""
from longops import *

SLOW = "ficlone=20,copy_file_range=20,sendfile=20,read=20"
AGENTS = ("curl/8", "rclone/v1.60", "cadaver/0.24 neon/0.33.0")


def running(s):
    jobs = json.loads(s.request("GET", "/.holdfast/jobs").body)["jobs"]
    return len([job for job in jobs if job["state"] in ("waiting", "running")])


for heartbeat in ("0.1", "30"):
    with Server("--heartbeat", heartbeat, "--on-disconnect", "cancel", slow=SLOW, match="slow") as s:
        write_tree(s.path("slow"), 20, 20)
        s.write("copy/old", "old")
        before = tree(s.root)
        for agent in AGENTS:
            for leave in ("close", "reset"):
                s.mark.unlink(missing_ok=True)
                with s.connect() as c:
                    c.start("COPY", "/slow", {"Destination": "/copy", "User-Agent": agent})
                    eventually(s.mark.exists, "it has begun")
                    same(running(s), 1, "jobs that run")
                    c.reset() if leave == "reset" else c.close()
                eventually(lambda: running(s) == 0, "it is stopped (%s, %s, %s)" % (heartbeat, agent, leave))
                eventually(lambda: not strays(s.root), "nothing of ours is left")
                same(tree(s.root), before, "the folder")
        # what was stopped is no result: the same request is a new operation
        c = s.connect()
        c.start("COPY", "/slow", {"Destination": "/copy"})
        eventually(lambda: running(s) == 1, "it runs anew")
        c.close()
