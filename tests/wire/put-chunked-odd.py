#!/usr/bin/env python3
"""Chunks with extensions, trailers, capital hex and one byte at a time are all taken."""
from holdfast import *

with Server() as s, s.connect() as c:
    c.send(c.head("PUT", "/a", {"Transfer-Encoding": "chunked", "Trailer": "X-Sum"}))
    for byte in b"A;name=value\r\n0123456789\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n":
        c.send(bytes([byte]))
    same(c.response("PUT").status, 201)
    same(c.request("GET", "/a").body, b"0123456789!")
