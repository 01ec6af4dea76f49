#!/usr/bin/env python3
"""C16: PUT with Content-Range is refused and makes no sparse giant."""
from holdfast import *

with Server() as s:
    s.write("a", "old")
    for name in ("/a", "/new"):
        answer = s.request("PUT", name, {"Content-Range": "bytes 1099511627775-1099511627775/1099511627776"}, "x")
        same(answer.status, 400)
    same(tree(s.root), {"a": b"old"})
