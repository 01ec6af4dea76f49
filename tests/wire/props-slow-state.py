#!/usr/bin/env python3
"""Who asks for properties that are in the database waits while that is synced, and keeps nobody else waiting."""
from longops import *


def ask(s):
    s.write("f", "content")
    answer = proppatch(s, "/f", "<D:set><D:prop><a xmlns='urn:x'>1</a></D:prop></D:set>")
    same(multistatus(answer)["/f"][1]["{urn:x}a"][0], 200)
    s.shut_gate()
    with s.connect() as one:
        one.start("LOCK", "/f", {"Content-Type": "text/xml"}, lock_body())
        s.is_held()
        asking = [s.connect() for _ in range(8)]  # more than there are threads for connections
        for c in asking:
            c.start("PROPFIND", "/f", {"Depth": "0"})
        s.has_read(*asking)
        for _ in range(8):
            s.alive()
        s.open_gate()
        for c in asking:
            same(c.response("PROPFIND").status, 207)
            c.close()
        same(one.response("LOCK").status, 200)


with Held(slow=None, match="/state/") as s:
    s.stop()
    done = subprocess.run(["mount", "-t", "ramfs", "ramfs", str(s.root)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a ramfs: %s" % done.stderr.strip())
    s.slow = "fdatasync=0,fsync=0"
    s.open_gate()
    try:
        s.start()
        ask(s)
    finally:
        s.open_gate()
        s.stop()
        subprocess.run(["umount", "-l", str(s.root)], check=True)
    s.start()
