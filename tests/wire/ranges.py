#!/usr/bin/env python3
"""Ranges: single, suffix, open, several, unsatisfiable, odd, If-Range."""
from email import message_from_bytes

from holdfast import *

DATA = bytes(range(256)) * 4
with Server() as s, s.connect() as c:
    s.write("a.bin", DATA)
    head = c.request("HEAD", "/a.bin")
    same((head.status, head.get("content-length"), head.get("accept-ranges")), (200, "1024", "bytes"))

    def get(value, **more):
        return c.request("GET", "/a.bin", {"Range": value, **more})

    for value, first, last in (("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=1000-", 1000, 1023),
                               ("bytes=-24", 1000, 1023), ("bytes=-5000", 0, 1023), ("bytes=1000-5000", 1000, 1023),
                               ("bytes=1023-1023", 1023, 1023)):
        answer = get(value)
        same(answer.status, 206, value)
        same(answer.get("content-range"), "bytes %d-%d/1024" % (first, last), value)
        same(answer.body, DATA[first:last + 1], value)
    for value in ("bytes=1024-", "bytes=5000-6000", "bytes=-0"):
        answer = get(value)
        same(answer.status, 416, value)
        same(answer.get("content-range"), "bytes */1024", value)
    for value in ("bytes=5-2", "bytes=x-y", "lines=1-2", "bytes", "bytes=", "bytes=1-2-3"):
        answer = get(value)
        same(answer.status, (200, 416), value)
        if answer.status == 200:
            same(answer.body, DATA, value)
    answer = get("bytes=0-9,100-109,-10")
    same(answer.status, 206)
    kind = answer.get("content-type")
    same(kind.startswith("multipart/byteranges; boundary="), True, kind)
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + answer.body).get_payload()
    same([p["content-range"] for p in parts], ["bytes 0-9/1024", "bytes 100-109/1024", "bytes 1014-1023/1024"])
    boundary = b"--" + kind.split("boundary=")[1].strip('"').encode()
    pieces = [p.split(b"\r\n\r\n", 1)[1] for p in answer.body.split(boundary)[1:-1]]
    same([p[:-2] for p in pieces], [DATA[:10], DATA[100:110], DATA[-10:]], "parts")
    answer = get("bytes=" + ",".join("0-" for _ in range(2000)))
    within(len(answer.body), 0, 20000, "bytes for 2000 overlapping ranges")
    etag = head.get("etag")
    same(get("bytes=0-9", **{"If-Range": etag}).status, 206)
    same(get("bytes=0-9", **{"If-Range": '"other"'}).status, 200)
    same(get("bytes=0-9", **{"If-Range": "W/" + etag}).status, 200)
    same(get("bytes=0-9", **{"If-Range": "Sun, 06 Nov 1994 08:49:37 GMT"}).status, 200)
    same(get("bytes=5000-", **{"If-Range": '"other"'}).status, 200)
    same(c.request("PUT", "/empty", {}, "").status, 201)
    same(c.request("GET", "/empty", {"Range": "bytes=0-"}).status, (200, 416))
