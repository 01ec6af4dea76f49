#!/usr/bin/env python3
"""Lock rules: exclusive against shared, depth, members, conflicts that name the root, refresh, moves."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir"), 2, 2)
    s.write("a", "x")
    first = lock_token(lock(s, "/a"))
    for scope in ("exclusive", "shared"):
        answer = lock(s, "/a", scope=scope)
        same(answer.status, 423, scope)
        same(b"no-conflicting-lock" in answer.body and b"/a<" in answer.body, True, "condition: %r" % answer.body)
    same(s.request("UNLOCK", "/dir", {"Lock-Token": "<%s>" % first}).status, (403, 409), "not covered by it")
    same(s.request("UNLOCK", "/a", {"Lock-Token": "<urn:uuid:none>"}).status, (403, 409))
    same(s.request("UNLOCK", "/a", {"Lock-Token": "<%s>" % first}).status, 204)
    shared = [lock_token(lock(s, "/a", scope="shared")) for _ in range(3)]
    same(len(set(shared)), 3, "tokens differ")
    same(lock(s, "/a").status, 423)
    same(s.request("PUT", "/a", {}, "y").status, 423)
    same(s.request("PUT", "/a", {"If": "(<%s>)" % shared[1]}, "y").status, 204)
    for token in shared:
        same(s.request("UNLOCK", "/a", {"Lock-Token": "<%s>" % token}).status, 204)
    # depth infinity covers members, also through their own URL
    deep = lock_token(lock(s, "/dir/"))
    for method, headers, body in (("PUT", {}, "x"), ("DELETE", {}, None), ("MOVE", {"Destination": "/x"}, None),
                                  ("PROPPATCH", {}, "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><x xmlns='u:'/>"
                                                    "</D:prop></D:set></D:propertyupdate>"), ("LOCK", {}, lock_body())):
        answer = s.request(method, "/dir/d000/f000", headers, body)
        same(answer.status, 423, method)
    same(s.request("MKCOL", "/dir/new").status, 423)
    same(s.request("COPY", "/a", {"Destination": "/dir/new"}).status, 423)
    same(s.request("COPY", "/dir/d000", {"Destination": "/free"}).status, 201, "reading is free")
    same(propfind(s, "/free/f000", dav("lockdiscovery"))["/free/f000"][1][dav("lockdiscovery")][1].find(dav("activelock")),
         None, "a copy is not locked")
    same(s.request("PUT", "/dir/d000/f000", {"If": "(<%s>)" % deep}, "y").status, 204)
    same(s.request("UNLOCK", "/dir/d000/f000", {"Lock-Token": "<%s>" % deep}).status, 204, "through a member's URL")
    # a lock below stops what would take it away
    inner = lock_token(lock(s, "/dir/d001/f001"))
    for method, headers in (("DELETE", {}), ("MOVE", {"Destination": "/x"})):
        answer = s.request(method, "/dir", headers)
        same(answer.status, (207, 423), method)
        same(b"/dir/d001/f001" in answer.body, True, "%s names what is locked: %r" % (method, answer.body))
    same(len(tree(s.path("dir"))), 6, "nothing went")
    same(lock(s, "/dir/").status, (207, 423), "a deep lock over a locked member")
    same(s.request("COPY", "/a", {"Destination": "/dir"}).status, (207, 423))
    same(s.request("DELETE", "/dir", {"If": "<%s/dir/d001/f001> (<%s>)" % (s.url, inner)}).status, 204)
    same(s.request("PUT", "/dir", {}, "x").status, 201)
    # refresh
    token = lock_token(lock(s, "/a", headers={"Timeout": "Second-100"}))
    answer = s.request("LOCK", "/a", {"If": "(<%s>)" % token, "Timeout": "Second-500"})
    same(answer.status, 200)
    same(b"Second-500" in answer.body, True, "%r" % answer.body)
    same(answer.get("lock-token"), None, "a refresh has no Lock-Token header")
    same(s.request("LOCK", "/a", {"If": "(<urn:x>)"}).status, 412)
    same(s.request("LOCK", "/a").status, 400, "neither body nor If")
    # a moved resource leaves its lock behind
    same(s.request("MOVE", "/a", {"Destination": "/b", "If": "(<%s>)" % token}).status, 201)
    same(s.request("PUT", "/a", {}, "x").status, 201)
    same(s.request("PUT", "/b", {}, "x").status, 204)
