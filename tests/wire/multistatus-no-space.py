#!/usr/bin/env python3
"""A disk that is full in the middle of a slow COPY: 507 inside the early 207, and nothing of the copy is left."""
from longops import *

with temporary() as t:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(t)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())
    try:
        with Held("--min-free", "0", "--heartbeat", "0.1", "--heartbeat-mode", "multistatus", slow="getdents64=0", root=t) as s:
            s.write("slow/a", b"x" * 2500000)
            s.write("slow/b", b"y" * 2500000)
            with s.connect() as c:
                c.start("COPY", "/slow", {"Destination": "/copy"})
                answer = c.response_head()
                same(answer.status, 207, "the early answer")
                s.open_gate()
                answer.body = c.body(answer, "COPY")
            found = multistatus(answer)
            same({status for status, _ in found.values()}, {507}, str(found))
            same(s.path("copy").exists(), False, "the copy")
    finally:
        subprocess.run(["umount", "-l", str(t)], check=True)
