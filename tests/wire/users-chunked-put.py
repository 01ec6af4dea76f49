#!/usr/bin/env python3
"""An upload whose password must first be verified is stored whole; a wrong one is 401 and stores nothing."""
from base64 import b64encode

from holdfast import *

RIGHT = {"Authorization": "Basic " + b64encode(b"alice:right").decode()}
WRONG = {"Authorization": "Basic " + b64encode(b"alice:wrong").decode()}
BODY = b"0123456789" * 100000
with Server(users={"alice": "right"}) as s:
    for i, chunked in enumerate((False, True)):
        same(s.request("PUT", "/a%d" % i, RIGHT, BODY, chunked=chunked).status, 201)
        same(s.read("a%d" % i), BODY)
        with s.connect() as c:
            try:
                c.start("PUT", "/b", WRONG, BODY, chunked=chunked)
            except (BrokenPipeError, ConnectionResetError):
                pass
            same(c.response("PUT").status, 401)
    same(sorted(os.listdir(s.root)), ["a0", "a1"])
