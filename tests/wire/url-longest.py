#!/usr/bin/env python3
"""The longest path that a file can have is asked for, and made, in its longest spelling; two of half that length fit
one head. Each gets its answer: head and answer share what memory a connection has."""
from holdfast import *

NAME = "ü" * 100  # 200 bytes, 600 when encoded
MORE = {"User-Agent": "x" * 200, "Cookie": "x" * 100, "If-None-Match": '"%s"' % ("x" * 40)}


def nested(count):
    return ("/" + "%C3%BC" * 100) * count


def make(s, count):
    for i in range(1, count + 1):
        within(s.request("MKCOL", nested(i)).status, 201, 405)


with Server() as s:
    make(s, 19)
    longest = nested(19) + "/" + "%C3%BC" * 90
    same(s.request("PROPFIND", longest, {"Depth": "0"}).status, 404)
    same(s.request("PUT", longest, MORE, "x").status, 201)
    same(s.request("GET", longest, MORE).body, b"x")
    same(s.request("LOCK", longest, MORE, lock_body()).status, 200)
    half = nested(12)
    s.write("/".join([NAME] * 12) + "/a", "x")
    answer = s.request("COPY", half + "/a", {"Destination": half + "/b", "User-Agent": "x" * 80})
    same(answer.status, 201)
    same(answer.get("Location"), None, "too long to be sure that it fits")
    same(s.read("/".join([NAME] * 12) + "/b"), b"x")
    same(s.request("PUT", "/short", {}, "x").get("Location"), "/short")
    s.alive()
