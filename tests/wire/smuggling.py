#!/usr/bin/env python3
"""Requests whose framing is in doubt are refused with 400 and the connection is closed."""
from holdfast import *

HOST = "Host: x\r\n"
SHAPES = {
    "two lengths": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "length list": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: 5, 6\r\n\r\nhello!",
    "length and chunked": "PUT /a HTTP/1.1\r\n" + HOST +
                          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunked and length": "PUT /a HTTP/1.1\r\n" + HOST +
                          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "two encodings": "PUT /a HTTP/1.1\r\n" + HOST +
                     "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "gzip, chunked": "PUT /a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "xchunked": "PUT /a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "negative length": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: -5\r\n\r\nhello",
    "length with sign": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: +5\r\n\r\nhello",
    "length with letters": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: 5x\r\n\r\nhello",
    "empty length": "PUT /a HTTP/1.1\r\n" + HOST + "Content-Length: \r\n\r\nhello",
    "bad chunk size": "PUT /a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "negative chunk size": "PUT /a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "0x chunk size": "PUT /a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "huge chunk size": "PUT /a HTTP/1.1\r\n" + HOST +
                       "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "a lone CR": "PUT /a HTTP/1.1\r\n" + HOST + "X: y\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
    "chunked in HTTP/1.0": "GET /%2e HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST +
                           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk longer than it says": "PUT /a HTTP/1.1\r\n" + HOST +
                                 "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
}
failures = []
with Server() as s:
    for name, text in SHAPES.items():
        with s.connect(timeout=5) as c:
            # A second request behind it must never be served.
            c.send(text + "GET /smuggled HTTP/1.1\r\n" + HOST + "\r\n")
            try:
                answer = c.rest().decode("latin-1")
            except TimeoutError:
                answer = "left open, after " + repr(c.buffer)
            # libmicrohttpd may send the head of its 400 twice; any other answer is one too many.
            if not answer or set(re.findall(r"HTTP/1\.[01] (\d+)", answer)) - {"400", "413", "501"}:
                failures.append("%s: %r" % (name, answer[:400]))
            if s.path("a").exists():
                failures.append("%s: stored %r" % (name, s.read("a")))
                s.path("a").unlink()
    s.alive()
if failures:
    fail("\n" + "\n".join(failures))
