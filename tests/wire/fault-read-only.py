#!/usr/bin/env python3
"""The file system becomes read-only, also in the middle of a COPY: 403, nothing is changed, and what was begun is
removed once it can be."""
from faultdisk import *
from faultlib import *

with Server("--min-free", "0", slow="mkdirat=0", match="/full", gate=True) as s, disk("ext4", 16, s.path("full")) as d:
    write_tree(s.path("full/tree"), 3, 3)
    s.write("full/there/old", "old")
    s.write("full/file", "old")
    before = view(s.root)
    with s.connect() as c:
        c.start("COPY", "/full/tree", {"Destination": "/full/there"})
        eventually(s.mark.exists, "the COPY has begun")
        d.remount("ro")
        s.gate.touch()
        same(c.response("COPY").status, 403, "COPY")
    same(view(s.root), before, "after the COPY")
    same(s.request("PUT", "/full/file", {}, b"new").status, 403)
    same(s.request("PUT", "/full/new", {}, b"new").status, 403)
    same(s.request("MKCOL", "/full/new").status, 403)
    same(s.request("DELETE", "/full/tree").status, 403)
    same(s.request("MOVE", "/full/tree", {"Destination": "/full/new"}).status, 403)
    same(s.request("MOVE", "/full/tree", {"Destination": "/full/there"}).status, 403)
    same(proppatch(s, "/full/file", "<D:set><D:prop><x xmlns='u:'/></D:prop></D:set>").status, 403)
    same(lock(s, "/full/new").status, 403, "LOCK of a free name")
    token = {"Lock-Token": "<%s>" % lock_token(lock(s, "/full/file"))}
    same(s.request("GET", "/full/file").body, b"old")
    same(s.request("UNLOCK", "/full/file", token).status, 204)
    same(view(s.root), before, "at the end")
    d.remount("rw")
    same(lock(s, "/full/new").status, 201, "the failed LOCK has left none")
    same(s.request("DELETE", "/full/new").status, 423)
    s.stop()
    s.start()
    eventually(lambda: not strays(s.root), "what the COPY had begun is removed")
    same(s.request("COPY", "/full/tree", {"Destination": "/full/there"}).status, 204)
    same(tree(s.path("full/there")), tree(s.path("full/tree")))
