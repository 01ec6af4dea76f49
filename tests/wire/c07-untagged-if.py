#!/usr/bin/env python3
"""C7: an untagged If speaks of the request URI alone: Finder's DELETE, Office's safe save."""
from holdfast import *

with Server() as s:
    s.path("dir").mkdir()
    s.write("dir/locked", "x")
    token = lock_token(lock(s, "/dir/locked"))
    same(s.request("DELETE", "/dir/locked", {"If": "(<%s>)" % token}).status, 204, "DELETE of a locked file")
    # Office: LOCK tmp, PUT, MOVE tmp over the document with the source's token only.
    s.write("dir/document", "old")
    token = lock_token(lock(s, "/dir/tmp"))
    same(s.request("PUT", "/dir/tmp", {"If": "(<%s>)" % token}, "new").status, 204)
    answer = s.request("MOVE", "/dir/tmp", {"Destination": "/dir/document", "Overwrite": "T", "If": "(<%s>)" % token})
    same(answer.status, 204, "MOVE over an unlocked target")
    same(s.read("dir/document"), b"new")
    same(s.request("PUT", "/dir/document", {}, "newer").status, 204, "the lock did not move along")
    # The target's lock counts, of course.
    s.write("dir/tmp", "x")
    other = lock_token(lock(s, "/dir/document"))
    token = lock_token(lock(s, "/dir/tmp"))
    headers = {"Destination": "/dir/document", "If": "(<%s>)" % token}
    same(s.request("MOVE", "/dir/tmp", headers).status, 423, "a locked target")
    headers["If"] = "<%s/dir/tmp> (<%s>) <%s/dir/document> (<%s>)" % (s.url, token, s.url, other)
    same(s.request("MOVE", "/dir/tmp", headers).status, 204, "with both tokens")
