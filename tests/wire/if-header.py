#!/usr/bin/env python3
"""The If header: tagged, untagged, Not, ETags, several lists, DAV:no-lock, other resources."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    s.write("b", "x")
    etag = s.request("HEAD", "/a").get("etag")
    token = lock_token(lock(s, "/a"))
    other = lock_token(lock(s, "/b"))
    u = s.url
    cases = (
        ("(<%s>)" % token, 204), ("(<%s> [ETAG])" % token, 204), ('(<%s> ["no"])' % token, 412),
        ('(["no"]) (<%s>)' % token, 204), ("(Not <DAV:no-lock> <%s>)" % token, 204), ("(<DAV:no-lock>) (<%s>)" % token, 204),
        ("(<DAV:no-lock> <%s>)" % token, 412), ("([ETAG])", 423), ("(Not <DAV:no-lock>)", 423),
        ("(Not <%s>)" % token, 412), ("(<%s>) (Not <DAV:no-lock>)" % other, 423),
        ("<%s/a> (<%s>)" % (u, token), 204), ("</a> (<%s>)" % token, 204), ("<%s/b> (<%s>)" % (u, other), 423),
        ("<%s/b> (<%s>) <%s/a> (<%s>)" % (u, other, u, token), 204), ("<%s/b> (<%s>)" % (u, token), 412),
        ("<http://other.example/a> (<%s>)" % token, (412, 423, 204)), ("<%s/none> (Not <%s>) <%s/a> (<%s>)" % (u, token, u, token), 204),
        ("(<%s>)(<%s>)" % (token, token), 204), ("  ( <%s>   [ETAG] ) " % token, 204), ("(Not<DAV:no-lock><%s>)" % token, 204),
        ("(not <DAV:no-lock> <%s>)" % token, (204, 400)),
    )
    failures = []
    for text, status in cases:
        etag = s.request("HEAD", "/a").get("etag")
        answer = s.request("PUT", "/a", {"If": text.replace("ETAG", etag)}, "y")
        if answer.status not in (status if isinstance(status, tuple) else (status,)):
            failures.append("If: %s: %d, not %s" % (text, answer.status, status))
    if failures:
        fail("\n" + "\n".join(failures))
