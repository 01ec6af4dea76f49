#!/usr/bin/env python3
"""A verified digest is told by GET, HEAD and PROPFIND, travels with the file, survives kill -9 and ends with the content."""
import base64
import hashlib

from holdfast import *

CHECKSUMS = "{http://owncloud.org/ns}checksums"
DATA = b"some content " * 10000
SUMS = "SHA256:%s" % hashlib.sha256(DATA).hexdigest()
REPR = "sha-256=:%s:" % base64.b64encode(hashlib.sha256(DATA).digest()).decode()


def told(s, target):
    """The Repr-Digest of a file, after everything else that tells it was compared with it."""
    get, head = s.request("GET", target), s.request("HEAD", target)
    part = s.request("GET", target, {"Range": "bytes=0-3"})
    status, element = propfind(s, target, CHECKSUMS)[target][1][CHECKSUMS]
    found = get.get("repr-digest")
    same((head.get("repr-digest"), part.get("repr-digest")), (found, found), "HEAD and a part of " + target)
    same(get.get("oc-checksum"), SUMS if found else None, target)
    same((status, "".join(element.itertext())), (200, SUMS) if found else (404, ""), target)
    return found


with Server() as s:
    probe = s.write("probe")
    try:
        os.setxattr(probe, "user.probe", b"1")
    except OSError as error:
        skip("no extended attributes here: %s" % error)
    probe.unlink()
    s.path("folder").mkdir()
    answer = s.request("PUT", "/folder/a", {"Repr-Digest": REPR}, DATA)
    same((answer.status, answer.get("repr-digest")), (201, REPR))
    s.kill()
    s.start()
    same(told(s, "/folder/a"), REPR, "after kill -9")
    same(s.request("COPY", "/folder", {"Destination": "/copy"}).status, 201)
    same(s.request("MOVE", "/copy/a", {"Destination": "/moved"}).status, 201)
    same(told(s, "/moved"), REPR, "after COPY and MOVE")
    same(s.request("PUT", "/moved", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, b"other").status, 400)
    same(told(s, "/moved"), REPR, "after an upload that failed")
    same(s.request("PUT", "/moved", {}, DATA).status, 204)
    same(told(s, "/moved"), None, "after an upload without a digest")
    with open(s.path("folder/a"), "r+b") as f:
        f.write(b"S")
    same(told(s, "/folder/a"), None, "after somebody wrote to it")
