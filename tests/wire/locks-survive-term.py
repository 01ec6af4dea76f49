#!/usr/bin/env python3
"""Locks survive a restart after SIGTERM: same token, same rules, same time left."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    s.path("dir").mkdir()
    s.write("dir/b", "x")
    exclusive = lock_token(lock(s, "/a", headers={"Timeout": "Second-1000"}))
    shared = [lock_token(lock(s, "/dir/", scope="shared", owner="number %d" % i)) for i in range(2)]
    released = lock_token(lock(s, "/c"))
    same(s.request("UNLOCK", "/c", {"Lock-Token": "<%s>" % released}).status, 204)
    s.stop()
    s.start()
    same(s.request("PUT", "/a", {}, "y").status, 423)
    same(s.request("PUT", "/dir/b", {}, "y").status, 423)
    same(s.request("PUT", "/c", {}, "y").status, 204, "the one that was released")
    found = propfind(s, "/a", dav("lockdiscovery"))["/a"][1][dav("lockdiscovery")][1]
    same(found.findtext(".//" + dav("locktoken") + "/" + dav("href")), exclusive, "the token in lockdiscovery")
    within(int(found.findtext(".//" + dav("timeout")).split("-")[1]), 800, 1000, "seconds left")
    tokens = [e.findtext(dav("href")) for e in
              propfind(s, "/dir/", dav("lockdiscovery"))["/dir/"][1][dav("lockdiscovery")][1].iter(dav("locktoken"))]
    same(sorted(tokens), sorted(shared))
    same(s.request("PUT", "/a", {"If": "(<%s>)" % exclusive}, "y").status, 204)
    same(s.request("LOCK", "/a", {"If": "(<%s>)" % exclusive, "Timeout": "Second-60"}).status, 200, "refresh")
    for token in shared:
        same(s.request("UNLOCK", "/dir/", {"Lock-Token": "<%s>" % token}).status, 204)
    same(s.request("PUT", "/dir/b", {}, "y").status, 204)
