#!/usr/bin/env python3
"""An Idempotency-Key that is none (10 KB of it, empty, badly quoted, two) is 400, and nothing is done."""
from longops import *

BAD = ["x" * 10240, "x" * 256, '"' + "x" * 256 + '"', "", '""', '"open', 'a b\tc' + "\x7f", "\xe4\xf6", '"a"b"']

with Server("--heartbeat", "30") as s, s.connect() as c:
    s.write("a", "x")
    for value in BAD:
        with s.connect() as c:
            c.send(c.head("MOVE", "/a", {"Destination": "/b"})[:-2] + b"Idempotency-Key: " +
                   value.encode("latin-1") + b"\r\n\r\n")
            same(c.response("MOVE").status, 400, "for %r" % value[:20])
    for first, second in (("one", "two"), ("one", "x" * 10240)):
        answer = s.request("MOVE", "/a", [("Destination", "/b"), ("Idempotency-Key", first),
                                          ("Idempotency-Key", second)])
        same(answer.status, 400, "two different ones")
    with s.connect() as d:  # before the body
        d.send(d.head("PUT", "/c", {"Idempotency-Key": "x" * 10240, "Content-Length": "1000000",
                                    "Expect": "100-continue"}))
        same(d.response_head().status, 400, "with Expect")
    same(tree(s.root), {"a": b"x"}, "nothing was done")
    same(s.request("MOVE", "/a", {"Destination": "/b", "Idempotency-Key": "x" * 255}).status, 201, "the longest")
