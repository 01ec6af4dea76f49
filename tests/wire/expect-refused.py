#!/usr/bin/env python3
"""With Expect: 100-continue a refusal comes before the body, and no 100 before the refusal."""
from holdfast import *

with Server("--max-upload", "1M") as s:
    s.write("file", "x")
    s.write("locked", "x")
    s.path("folder").mkdir()
    token = lock_token(lock(s, "/locked"))
    wanted = (
        ("/missing/a", {}, 409),
        ("/folder", {}, 405),
        ("/folder/", {}, 405),
        ("/file/a", {}, 409),
        ("/locked", {}, 423),
        ("/locked", {"If": "(<urn:uuid:00000000-0000-0000-0000-000000000000>)"}, (412, 423)),
        ("/file", {"If-None-Match": "*"}, 412),
        ("/file", {"If-Match": '"other"'}, 412),
        ("/none", {"If-Match": "*"}, 412),
        ("/file", {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}, 412),
        ("/file", {"Content-Range": "bytes 0-4/10"}, 400),
        ("/.holdfast/a", {}, (403, 404, 405, 409)),
        ("/.holdfast-a", {}, (403, 404, 405)),
        ("/big", {"Content-Length": "2000000"}, 413),
    )
    for target, headers, status in wanted:
        with s.connect() as c:
            c.send(c.head("PUT", target, {"Content-Length": "5", "Expect": "100-continue", **headers}))
            same(c.response_head().status, status, "%s %s" % (target, headers))
    # A COPY or LOCK may come with it too.
    with s.connect() as c:
        c.send(c.head("LOCK", "/missing/a", {"Content-Length": "5", "Expect": "100-continue"}))
        same(c.response_head().status, (100, 409))
    same(s.read("file"), b"x")
