#!/usr/bin/env python3
"""Folded headers, and uploads that do not say how long they are: what follows is never taken for a request."""
from holdfast import *

BEHIND = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FOLDED = ("Content-Length:\r\n %d" % len(BEHIND), "Content-Length:\r\n\t%d" % len(BEHIND),
          "Content-Length: \r\n %d" % len(BEHIND), "Content-Length: 1\r\n 0", "Transfer-Encoding:\r\n chunked",
          "Content-Length: 0\r\nIf-Match:\r\n *", "Content-Length: 0\r\nDepth:\r\n 0",
          "Content-Length: 0\r\nOverwrite:\r\n F", "Content-Length: 0\r\nIf:\r\n (<a:b>)")


def statuses(s, method, headers):
    with s.connect(timeout=5) as c:
        c.send("%s /a HTTP/1.1\r\nHost: x\r\n%s\r\n%s" % (method, headers, BEHIND))
        return re.findall(r"HTTP/1\.[01] (\d+)", c.rest().decode("latin-1"))


with Server() as s:
    s.write("a", "old")
    for method in ("PUT", "PROPFIND", "LOCK", "COPY", "GET", "POST"):
        for headers in FOLDED:
            same(statuses(s, method, headers + "\r\n"), ["400"], "%s with %r" % (method, headers))
    same(s.read("a"), b"old")
    same(statuses(s, "PUT", ""), ["204"], "PUT that does not say how long it is")
    with s.connect() as c:  # others need not say that they have no body
        for i in range(3):
            same(c.request("PROPFIND", "/a", {"Depth": "0"}).status, 207)
    s.alive()

# Nor after an answer to somebody who has not said who he is.
with Server(users={"alice": "right"}) as s:
    for headers in FOLDED[:5]:  # those that hide where the body ends
        same(statuses(s, "PUT", headers + "\r\n"), ["401"], "PUT without a password, with %r" % headers)
