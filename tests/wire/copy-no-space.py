#!/usr/bin/env python3
"""A full disk: PUT and COPY are 507, the old content stays whole, nothing of ours is left."""
from holdfast import *

with temporary() as t:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(t)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())
    try:
        with Server("--min-free", "0", root=t) as s:
            s.write("old", "old content")
            s.write("dir/a", b"x" * 3000000)
            s.write("dir/b", b"y" * 3000000)
            s.write("there/old", "old")
            before = tree(s.root)
            for chunked in (False, True):
                for target in ("/old", "/new"):
                    with s.connect() as c:
                        try:
                            c.start("PUT", target, {}, b"z" * 6000000, chunked=chunked)
                        except (BrokenPipeError, ConnectionResetError):
                            pass
                        same(c.response("PUT").status, 507, "PUT %s" % target)
            for target in ("/copy", "/there"):
                answer = s.request("COPY", "/dir", {"Destination": target})
                same(answer.status, (207, 507), "COPY to %s" % target)
                if answer.status == 207:
                    same({status for status, _ in multistatus(answer).values()}, {507})
            eventually(lambda: not strays(s.root), "nothing of ours is left")
            same(tree(s.root), before)
            with s.connect() as c:  # refused by its length alone
                c.send(c.head("PUT", "/new", {"Content-Length": "60000000", "Expect": "100-continue"}))
                same(c.response_head().status, 507)
            same(s.request("DELETE", "/dir").status, 204)
            eventually(lambda: not strays(s.root), "what was deleted is purged")
            same(s.request("PUT", "/new", {}, b"z" * 5000000).status, 201, "there is room again")
    finally:
        subprocess.run(["umount", "-l", str(t)], check=True)
