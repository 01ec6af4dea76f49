#!/usr/bin/env python3
"""Locks of one share: told with its prefix, handed in by its URLs, nothing to another, and there again after a kill."""
from holdfast import *

with Server(shares={"one": "", "two": "prefix = /deep/two"}) as s:
    for share in ("one", "two"):
        s.write(share + "/d/f", share)
    answer = lock(s, "/one/d/")
    token = lock_token(answer)
    same(b"<D:lockroot><D:href>/one/d/</D:href></D:lockroot>" in answer.body, True, answer.body)
    answer = s.request("PUT", "/one/d/f", {}, "x")
    same((answer.status, b"<D:href>/one/d/</D:href>" in answer.body), (423, True))
    same(s.request("PUT", "/deep/two/d/f", {}, "x").status, 204, "the same path in the other share is free")
    other = lock_token(lock(s, "/deep/two/d/f"))

    # A tag names a share by its URL; what is elsewhere has no token of ours.
    for tag, status in (("/one/d/", 204), (s.url + "/one/d/f", 204), ("/d/", 412), ("/deep/two/d/", 412),
                        (s.url + "/deep/two/d", 412), ("/", 412), ("/one/d/../d/", 412)):
        same(s.request("PUT", "/one/d/f", {"If": "<%s> (<%s>)" % (tag, token)}, "x").status, status, tag)
    same(s.request("PUT", "/one/d/f", {"If": "(<%s>)" % other}, "x").status, 412, "the other's token")
    same(s.request("PUT", "/one/d/f", {"If": "</deep/two/d/f> (<%s>) </one/d/> (<%s>)" % (other, token)}, "x").status, 204)
    same(s.request("UNLOCK", "/deep/two/d/f", {"Lock-Token": "<%s>" % token}).status, 409)

    # 207s and what is conflicting have the prefix.
    answer = s.request("LOCK", "/one/", {"Depth": "infinity"}, lock_body())
    same({href: status for href, (status, _) in multistatus(answer).items()}, {"/one/d": 423, "/one/": 424})
    answer = s.request("DELETE", "/deep/two/d")
    same((answer.status, b"<D:href>/deep/two/d/f</D:href>" in answer.body), (423, True), answer.body)
    s.path("two/c").mkdir()
    os.mkfifo(s.path("two/c/fifo"))
    found = multistatus(s.request("COPY", "/deep/two/c", {"Destination": "/deep/two/c2"}))
    same({href: status for href, (status, _) in found.items()}, {"/deep/two/c/fifo": 403}, "what cannot be copied")
    answer = proppatch(s, "/deep/two/d/", '<D:set><D:prop><p xmlns="urn:">1</p><D:getetag>x</D:getetag></D:prop></D:set>')
    same({href: props["{urn:}p"][0] for href, (_, props) in multistatus(answer).items()}, {"/deep/two/d/": 424})

    # Another prefix later, and what was locked is.
    s.kill()
    s.shares["two"] = "prefix = /moved"
    s.start()
    same(s.request("PUT", "/one/d/f", {}, "x").status, 423)
    answer = s.request("PUT", "/moved/d/f", {}, "x")
    same((answer.status, b"<D:href>/moved/d/f</D:href>" in answer.body), (423, True), answer.body)
    same(s.request("UNLOCK", "/moved/d/f", {"Lock-Token": "<%s>" % other}).status, 204)
    same(s.request("UNLOCK", "/one/d/f", {"Lock-Token": "<%s>" % token}).status, 204)
    same(s.request("GET", "/deep/two/d/f").status, 404, "it is not there any more")
