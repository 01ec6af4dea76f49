#!/usr/bin/env python3
"""--max-upload: more is 413, announced or chunked, and nothing is left."""
from holdfast import *

with Server("--max-upload", "64K") as s:
    same(s.request("PUT", "/fits", {}, b"x" * 65536).status, 201)
    for chunked in (False, True):
        with s.connect() as c:
            try:
                c.start("PUT", "/big", {}, b"x" * 65537, chunked=chunked)
            except (BrokenPipeError, ConnectionResetError):
                pass
            same(c.response("PUT").status, 413, "chunked %s" % chunked)
    same(sorted(tree(s.root)), ["fits"])
    s.alive()
