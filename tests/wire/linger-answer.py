#!/usr/bin/env python3
"""A client that sends its whole upload before it looks reads the refusal and then the end, never a reset."""
from base64 import b64encode

from holdfast import *

SIZE = 50 * 1024 * 1024
BLOCK = b"z" * 65536
EXPECT = {"Expect": "100-continue"}
ALICE = {"Authorization": "Basic " + b64encode(b"alice:swordfish").decode()}


def upload(s, method, target, headers, status):
    what = "%s %s %s, TLS %s" % (method, target, headers, s.tls)
    with s.connect(timeout=60) as c:
        c.send(c.head(method, target, {"Content-Length": str(SIZE), **headers}))
        try:
            for _ in range(SIZE // len(BLOCK)):
                c.sock.sendall(BLOCK)
        except OSError as error:
            fail("%s: while sending: %r" % (what, error))
        data = bytearray()
        while True:
            try:
                got = c.sock.recv(65536)
            except OSError as error:
                fail("%s: while reading: %r after %r" % (what, error, bytes(data)))
            if not got:
                break
            data += got
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    same(head.split(b" ")[:2], [b"HTTP/1.1", b"%d" % status], what)
    same(len(body), int(re.search(rb"Content-Length: (\d+)", head)[1]), "%s: length of the body" % what)


def refuse_all(s):
    s.write("file", "x")
    s.path("folder").mkdir()
    token = lock_token(s.request("LOCK", "/locked", ALICE, lock_body()))
    upload(s, "PUT", "/a", {}, 401)
    for expect in ({}, EXPECT):
        upload(s, "PUT", "/missing/a", {**ALICE, **expect}, 409)
        upload(s, "PUT", "/file", {"If-None-Match": "*", **ALICE, **expect}, 412)
    for method, target, headers, status in (
            ("PUT", "/.holdfast-a", {}, 403), ("PUT", "/folder", {}, 405), ("PROPFIND", "/", {}, 413),
            ("PROPPATCH", "/file", {}, 413), ("LOCK", "/file", EXPECT, 413), ("DELETE", "/file", EXPECT, 415),
            ("PUT", "/a", {"Expect": "more"}, 417), ("PUT", "/locked", {}, 423)):
        upload(s, method, target, {**ALICE, **headers}, status)
    same(s.read("file"), b"x")
    same(s.request("UNLOCK", "/locked", {"Lock-Token": "<%s>" % token, **ALICE}).status, 204)


for tls in (False, True):
    with Server(users={"alice": "swordfish"}, tls=tls) as server:
        refuse_all(server)
