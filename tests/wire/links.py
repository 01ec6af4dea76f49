#!/usr/bin/env python3
"""Links that stay inside are followed for reading; DELETE and MOVE act on the link itself."""
from holdfast import *

with Server() as s:
    s.write("real/a", "content")
    s.path("dirlink").symlink_to("real")
    s.path("real/filelink").symlink_to("a")
    same(s.request("GET", "/dirlink/a").body, b"content")
    same(s.request("GET", "/real/filelink").body, b"content")
    same("/dirlink/" in propfind(s, "/", depth=1), True, "a linked folder is listed as a folder")
    same(sorted(propfind(s, "/dirlink/", depth=1)), ["/dirlink/", "/dirlink/a", "/dirlink/filelink"])
    same(s.request("MOVE", "/dirlink", {"Destination": "/moved"}).status, 201)
    same(os.readlink(s.path("moved")), "real")
    same(s.request("DELETE", "/moved").status, 204)
    same(s.read("real/a"), b"content")
    same(s.request("DELETE", "/real/filelink").status, 204)
    same(s.read("real/a"), b"content")
    s.path("real/up").symlink_to("../real")
    answer = s.request("PROPFIND", "/real", {"Depth": "infinity"})
    same(answer.status, (207, 508), "a circle ends")
    if answer.status == 207:
        same("508" in answer.body.decode() or len(hrefs(answer)) < 100, True)
    same(s.request("COPY", "/real", {"Destination": "/copy"}).status, (201, 207, 508))
    s.alive()
