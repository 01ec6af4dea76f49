#!/usr/bin/env python3
"""An upload that was answered 202: if it was published before the kill it is told so, else to send it again."""
from longops import *

for slow, old in ((PUBLISHING, False), (PUBLISHING, True), ("fsync=0", False), ("fsync=0", True)):
    # The sync of the file itself comes first: it is let through, and the second is that of the folder.
    with Held("--heartbeat", "30", slow=slow, match="slow") as s:
        s.path("slow").mkdir()
        if old:
            s.write("slow/file", "old")
        job = s.accepted("PUT", "/slow/file", {}, "new")
        s.is_held()
        if slow == "fsync=0" and (s.read("slow/file") if s.path("slow/file").exists() else b"") != b"new":
            s.open_gate()
            same(s.ended(job)["result"]["status"], 204 if old else 201)
            continue
        published = slow == "fsync=0"
        s.kill()
        same(s.read("slow/file") if s.path("slow/file").exists() else None,
             b"new" if published else b"old" if old else None)
        s.open_gate()
        s.start()
        ended = s.ended(job)
        if published:
            same(ended["result"]["status"], 204 if old else 201)
            same(ended["result"]["etag"], s.request("HEAD", "/slow/file").get("etag"))
        else:
            same((ended["state"], ended["result"]["status"]), ("failed", 503))
            same(ended["result"]["message"], "The server ended before it was published; send it again.")
        same(s.request("PUT", "/slow/file", {}, "new").status, 204 if old or published else 201, "sent again")
        same(s.read("slow/file"), b"new")
