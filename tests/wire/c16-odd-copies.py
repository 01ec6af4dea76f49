#!/usr/bin/env python3
"""C16: COPY and MOVE onto itself, into itself and onto an ancestor are refused and destroy nothing."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir/sub"), 2, 2)
    s.write("file", "x")
    before = tree(s.root)
    for method in ("COPY", "MOVE"):
        for target, destination in (("/dir", "/dir"), ("/dir/", "/dir"), ("/dir", "/dir/"), ("/file", "/file"),
                                    ("/dir", "/dir/sub/new"), ("/dir", "/dir/inner"), ("/dir/sub", "/dir"),
                                    ("/dir/sub", "/"), ("/", "/dir/all"), ("/", "/new"), ("/file", "/"),
                                    ("/dir", "/%64ir"), ("/dir/sub/d000", "/dir/sub")):
            for overwrite in ("T", "F"):
                answer = s.request(method, target, {"Destination": destination, "Overwrite": overwrite})
                what = "%s %s to %s, Overwrite: %s" % (method, target, destination, overwrite)
                same(answer.status, (403, 409, 412), what)
                same(tree(s.root), before, what)
    # Depth 0 of a collection into itself makes no circle; either answer is fine, damage is not.
    answer = s.request("COPY", "/dir", {"Destination": "/dir/inner", "Depth": "0"})
    same(answer.status, (201, 403, 409))
