#!/usr/bin/env python3
"""HEAD: the head of GET and not a byte of body, for files, empty files, folders and what is missing."""
from holdfast import *

with Server() as s:
    s.write("file", "hello")
    s.write("empty", "")
    s.write("dir/a", "x")
    for target in ("/file", "/empty", "/dir/", "/dir", "/", "/none"):
        with s.connect() as c:
            c.send(c.head("HEAD", target) + c.head("OPTIONS", "/", {"Connection": "close"}))
            head = c.response("HEAD")
            rest = c.rest()
            # A page of unknown length ends with the connection; anything else is followed by the next answer.
        wanted = b"" if head.get("connection") == "close" else b"HTTP/1."
        same(rest[:7], wanted, "what follows the head of %s: %r" % (target, rest[:40]))
        get = s.request("GET", target)
        same(head.status, get.status, target)
        for name in ("content-type", "etag", "last-modified", "accept-ranges"):
            same(head.get(name), get.get(name), "%s of %s" % (name, target))
        if head.get("content-length") is not None:
            same(head.get("content-length"), str(len(get.body)), "Content-Length of %s" % target)
