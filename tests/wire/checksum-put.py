#!/usr/bin/env python3
"""An upload that is not what its digest says is 400 and not published, whatever its size, framing and neighbours."""
import base64
import hashlib

from holdfast import *


def repr_digest(data):
    return "sha-256=:%s:" % base64.b64encode(hashlib.sha256(data).digest()).decode()


large = bytes(range(256)) * 20000  # comes in many pieces
bent = large[:-1] + b"!"
with Server() as s, s.connect() as c:
    s.write("old", "old")
    for chunked in (False, True):
        for headers in ({"Repr-Digest": repr_digest(large)}, {"Content-Digest": repr_digest(large)},
                        {"OC-Checksum": "SHA1:%s" % hashlib.sha1(large).hexdigest()}):
            for target in ("/old", "/new"):
                answer = c.request("PUT", target, headers, bent, chunked=chunked)
                same((answer.status, b"announced" in answer.body), (400, True), "%s %s" % (target, headers))
                same(tree(s.root), {"old": b"old"})
            same(c.request("PUT", "/good", headers, large, chunked=chunked).status, 201)
            same(s.read("good"), large)
            same(c.request("DELETE", "/good").status, 204)
    eventually(lambda: not strays(s.root), "nothing of ours is left")

    # What is malformed is refused before the body.
    c.send(c.head("PUT", "/new", {"Content-Length": "5", "Expect": "100-continue", "Repr-Digest": "sha-256=nonsense"}))
    same(c.response_head().status, 400)

    # Two uploads of the same bytes at once, one of them with the wrong digest: not answered by each other.
    def put(i):
        headers = {"Repr-Digest": repr_digest(bent if i % 2 else large)}
        return s.request("PUT", "/both", headers, large).status

    for i, status in enumerate(parallel(8, put)):
        same(status, 400 if i % 2 else (201, 204), "upload %d" % i)
    same(s.read("both"), large)
    s.alive()
