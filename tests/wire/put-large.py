#!/usr/bin/env python3
"""A large upload and download come through whole, and do not grow the server."""
import hashlib

from holdfast import *

PIECE = bytes(range(256)) * 4096
with Server() as s, s.connect() as c:
    s.alive()
    before = s.memory_kib()
    c.send(c.head("PUT", "/big", {"Content-Length": str(len(PIECE) * 100)}))
    sent = hashlib.sha256()
    for i in range(100):
        piece = PIECE[i:] + PIECE[:i]
        sent.update(piece)
        c.send(piece)
    same(c.response("PUT").status, 201)
    if not sanitized():
        within(s.memory_kib() - before, -100000, 8192, "KiB grown")
    got = hashlib.sha256()
    c.send(c.head("GET", "/big"))
    answer = c.response_head()
    same(answer.get("content-length"), str(len(PIECE) * 100))
    for _ in range(100):
        got.update(c.exactly(len(PIECE)))
    same(got.digest(), sent.digest(), "digest")
    same(c.request("HEAD", "/big").status, 200)
