#!/usr/bin/env python3
"""C4: XML bodies are taken without a Content-Type or with an odd one."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    for kind in (None, "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "text/xml",
                 "application/xml; charset=utf-8", "nonsense"):
        headers = {"Depth": "0", **({"Content-Type": kind} if kind else {})}
        body = "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>"
        same(s.request("PROPFIND", "/a", headers, body).status, 207, "PROPFIND, %s" % kind)
        body = "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set></D:propertyupdate>"
        same(s.request("PROPPATCH", "/a", headers, body).status, 207, "PROPPATCH, %s" % kind)
        answer = s.request("LOCK", "/a", headers, lock_body())
        same(answer.status, 200, "LOCK, %s" % kind)
        same(s.request("UNLOCK", "/a", {"Lock-Token": answer.get("lock-token")}).status, 204)
