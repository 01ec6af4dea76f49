#!/usr/bin/env python3
"""X-Expected-Entity-Length (Finder): a chunked upload of another length is not published."""
from holdfast import *

with Server() as s:
    for name, length, body, status in (("right", "5", b"hello", (201,)), ("short", "9", b"hello", (400,)),
                                       ("long", "3", b"hello", (400,))):
        headers = {"X-Expected-Entity-Length": length}
        same(s.request("PUT", "/" + name, headers, body, chunked=True).status, status, name)
        same(s.path(name).exists(), name == "right", name)
    s.write("old", "old content")
    same(s.request("PUT", "/old", {"X-Expected-Entity-Length": "99"}, b"new", chunked=True).status, 400)
    same(s.read("old"), b"old content")
