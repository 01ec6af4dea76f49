#!/usr/bin/env python3
"""Blanks before a colon, folded headers, no or two Hosts and garbage: 400, never a hang or a crash."""
from holdfast import *

SHAPES = {
    "blank before the colon": b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n",
    "no Host": b"GET /a HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "header without a colon": b"GET /a HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "target without a slash": b"GET a HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2.0": b"GET /a HTTP/2.0\r\nHost: x\r\n\r\n",
    "HTTP/9": b"GET /a HTTP/9\r\nHost: x\r\n\r\n",
    "not HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
failures = []
with Server() as s:
    s.write("a", "x")
    for name, text in SHAPES.items():
        with s.connect(timeout=5) as c:
            c.send(text)
            try:
                answer = c.response().status
            except Closed:
                answer = "closed"
            except TimeoutError:
                answer = "no answer"
            if answer not in (400, 404, 405, 501, 505, "closed"):
                failures.append("%s: %s" % (name, answer))
    s.alive()
if failures:
    fail("\n" + "\n".join(failures))
