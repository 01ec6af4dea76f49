#!/usr/bin/env python3
"""If-Match, If-None-Match, If-(Un)Modified-Since: 304 and 412 as RFC 9110 13 orders them."""
from holdfast import *

OLD, NEW = "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
with Server() as s, s.connect() as c:
    s.write("a", "content")
    os.utime(s.path("a"), (1000000000, 1000000000))
    head = c.request("HEAD", "/a")
    etag, modified = head.get("etag"), head.get("last-modified")
    same(modified, "Sun, 09 Sep 2001 01:46:40 GMT")
    for headers, status in (
            ({"If-None-Match": etag}, 304), ({"If-None-Match": "*"}, 304), ({"If-None-Match": '"x", ' + etag}, 304),
            ({"If-None-Match": "W/" + etag}, 304), ({"If-None-Match": '"x"'}, 200),
            ({"If-Modified-Since": modified}, 304), ({"If-Modified-Since": NEW}, (200, 304)),
            ({"If-Modified-Since": OLD}, 200), ({"If-Modified-Since": "soon"}, 200),
            ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
            ({"If-Match": etag}, 200), ({"If-Match": "*"}, 200), ({"If-Match": '"x"'}, 412),
            ({"If-Match": "W/" + etag}, 412), ({"If-Match": '"x",' + etag}, 200),
            ({"If-Unmodified-Since": modified}, 200), ({"If-Unmodified-Since": OLD}, 412),
            ({"If-Match": etag, "If-Unmodified-Since": OLD}, 200),
            ({"If-Match": etag, "If-None-Match": etag}, 304), ({"If-Match": '"x"', "If-None-Match": etag}, 412)):
        for method in ("GET", "HEAD"):
            answer = c.request(method, "/a", headers)
            same(answer.status, status, "%s %s" % (method, headers))
            if answer.status == 304:
                same(answer.get("etag"), etag, "ETag of the 304")
    # The asctime and RFC 850 forms too.
    same(c.request("GET", "/a", {"If-Modified-Since": "Sunday, 09-Sep-01 01:46:40 GMT"}).status, 304)
    same(c.request("GET", "/a", {"If-Modified-Since": "Sun Sep  9 01:46:40 2001"}).status, 304)
    for method, more in (("DELETE", {}), ("MOVE", {"Destination": "/b"}), ("COPY", {"Destination": "/b"}),
                         ("PUT", {}), ("LOCK", {})):
        body = "new" if method == "PUT" else lock_body() if method == "LOCK" else None
        for headers in ({"If-Match": '"x"'}, {"If-None-Match": etag}, {"If-Unmodified-Since": OLD}):
            same(c.request(method, "/a", {**more, **headers}, body).status, 412, "%s %s" % (method, headers))
    same(s.read("a"), b"content")
    same(c.request("MKCOL", "/m", {"If-Match": "*"}).status, 412)
    same(c.request("MKCOL", "/m", {"If-None-Match": "*"}).status, 201)
    same(c.request("DELETE", "/a", {"If-Match": etag}).status, 204)
