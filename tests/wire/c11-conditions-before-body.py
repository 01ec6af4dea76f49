#!/usr/bin/env python3
"""C11: with Expect: 100-continue failed conditions are refused before the body is sent."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    token = lock_token(lock(s, "/locked"))
    for target, headers, status in (("/a", {"If-Match": '"x"'}, 412), ("/a", {"If-None-Match": "*"}, 412),
                                    ("/a", {"If": '(["x"])'}, 412), ("/a", {"If": "(<urn:x>)"}, (412, 423)),
                                    ("/locked", {}, 423), ("/locked", {"If": "(Not <%s>)" % token}, (412, 423))):
        with s.connect() as c:
            c.send(c.head("PUT", target, {"Content-Length": "30000000", "Expect": "100-continue", **headers}))
            same(c.response_head().status, status, "%s %s" % (target, headers))
