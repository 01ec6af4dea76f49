#!/usr/bin/env python3
"""C3: a collection named without its slash is never redirected, for any method."""
from holdfast import *

with Server() as s, s.connect() as c:
    write_tree(s.path("dir"), 1, 1)
    for method, headers, body in (("OPTIONS", {}, None), ("GET", {}, None), ("HEAD", {}, None),
                                  ("PROPFIND", {"Depth": "1"}, None), ("PROPPATCH", {}, None), ("LOCK", {}, None),
                                  ("COPY", {"Destination": "/copy"}, None), ("MOVE", {"Destination": "/moved"}, None),
                                  ("MKCOL", {}, None), ("PUT", {}, "x"), ("DELETE", {}, None)):
        for target in ("/dir", "/dir/"):
            s.path("dir").mkdir(exist_ok=True)
            status = s.request(method, target, headers, body).status
            same(300 <= status <= 399, False, "%s %s: %d" % (method, target, status))
    # hrefs of collections end in a slash, whichever way they were named
    s.path("dir/sub").mkdir(parents=True)
    for target in ("/dir", "/dir/"):
        same(sorted(propfind(c, target, depth=1)), ["/dir/", "/dir/sub/"])
    same(c.request("MOVE", "/dir", {"Destination": "/other/"}).status, 201)
    same(c.request("MKCOL", "/new/").status, 201)
