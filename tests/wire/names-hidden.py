#!/usr/bin/env python3
"""Our own names are not listed, not readable and not writable, wherever they are and however spelled."""
from holdfast import *

with Server() as s:
    s.write("dir/.holdfast-stage", "x")
    s.write("dir/a", "x")
    s.write("plain", "x")
    for target in ("/dir/.holdfast-stage", "/dir/%2eholdfast-stage", "/.holdfast-new", "/.holdfast/no", "/.holdfast/",
                   "/dir/.holdfast-new/inner"):
        for method in ("GET", "PUT", "MKCOL", "DELETE", "PROPFIND", "LOCK", "COPY", "MOVE", "PROPPATCH"):
            body = {"PUT": "x", "LOCK": lock_body()}.get(method)
            answer = s.request(method, target, {"Destination": "/b", "Depth": "0"}, body)
            within(answer.status, 400, 499, "%s %s" % (method, target))
        within(s.request("COPY", "/plain", {"Destination": target}).status, 400, 499, "COPY to " + target)
    same(hrefs(s.request("PROPFIND", "/dir", {"Depth": "infinity"})), ["/dir/", "/dir/a"])
    same(b".holdfast" in s.request("GET", "/dir/").body, False, "in the index")
    same(s.request("COPY", "/dir", {"Destination": "/copy"}).status, 201)
    same(sorted(os.listdir(s.path("copy"))), ["a"])
    same(s.request("PUT", "/dir/.holdfast", {}, "x").status, 201, "below the root this one is a name like any other")
    os.unlink(s.path("dir/.holdfast-stage"))
    os.unlink(s.path("dir/.holdfast"))
