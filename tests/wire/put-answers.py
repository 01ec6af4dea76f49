#!/usr/bin/env python3
"""PUT: 201 then 204 with strong ETag and Last-Modified that GET confirms; 405, 409, 400 as the law says."""
from holdfast import *

with Server() as s:
    s.path("folder").mkdir()
    etags = []
    for status in (201, 204, 204):
        answer = s.request("PUT", "/a.txt", {}, "content %d" % len(etags))
        same(answer.status, status)
        etags.append(answer.get("etag"))
        same(bool(re.fullmatch(r'"[^"]+"', etags[-1] or "")), True, "a strong ETag: %r" % etags[-1])
        get = s.request("GET", "/a.txt")
        same(get.get("etag"), etags[-1], "the ETag of GET")
        same(get.get("last-modified"), answer.get("last-modified"), "Last-Modified")
    same(len(set(etags)), 3, "each content has its own ETag")
    same(s.request("PUT", "/folder", {}, "x").status, 405)
    same(s.request("PUT", "/folder/", {}, "x").status, 405)
    same(s.request("PUT", "/", {}, "x").status, 405)
    same(s.request("PUT", "/none/a", {}, "x").status, 409)
    same(s.request("PUT", "/a.txt/b", {}, "x").status, 409)
    same(s.request("PUT", "/a.txt", {"Content-Range": "bytes 0-0/9"}, "x").status, 400)
    same(s.request("PUT", "/new/", {}, "x").status, (400, 403, 404, 405, 409), "a name with a slash at its end")
    same(s.read("a.txt"), b"content 2")
