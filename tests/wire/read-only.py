#!/usr/bin/env python3
"""--read-only: every changing method is 403, reading works, nothing is written."""
from holdfast import *

with Server("--read-only") as s:
    s.write("dir/a", "x")
    before = tree(s.root)
    for method, headers, body in (("PUT", {}, "y"), ("DELETE", {}, None), ("MKCOL", {}, None),
                                  ("COPY", {"Destination": "/b"}, None), ("MOVE", {"Destination": "/b"}, None),
                                  ("PROPPATCH", {}, "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><x xmlns='u:'/>"
                                                    "</D:prop></D:set></D:propertyupdate>"), ("LOCK", {}, lock_body())):
        for target in ("/dir/a", "/new"):
            same(s.request(method, target, headers, body).status, (403, 404, 405), "%s %s" % (method, target))
    same(s.request("GET", "/dir/a").body, b"x")
    same(sorted(propfind(s, "/", depth="infinity")), ["/", "/dir/", "/dir/a"])
    same(tree(s.root), before)
