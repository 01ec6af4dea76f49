#!/usr/bin/env python3
"""Headers that make no sense are 400: Depth, Overwrite, If, doubled ones; Timeout nonsense is ignored."""
from holdfast import *

CASES = (
    ("PROPFIND", {"Depth": "2"}, 400), ("PROPFIND", {"Depth": "-1"}, 400), ("PROPFIND", {"Depth": ""}, 400),
    ("PROPFIND", {"Depth": "infinite"}, 400), ("PROPFIND", [("Depth", "0"), ("Depth", "1")], 400),
    ("PROPFIND", {"Depth": "0, 1"}, 400), ("PROPFIND", {"Depth": "INFINITY"}, 207),
    ("COPY", {"Destination": "/b", "Depth": "1"}, 400), ("MOVE", {"Destination": "/b", "Depth": "0"}, 400),
    ("DELETE", {"Depth": "0"}, 400), ("DELETE", {"Depth": "1"}, 400),
    ("COPY", {"Destination": "/b", "Overwrite": "X"}, 400), ("COPY", {"Destination": "/b", "Overwrite": ""}, 400),
    ("COPY", [("Destination", "/b"), ("Overwrite", "T"), ("Overwrite", "F")], 400),
    ("LOCK", {"Depth": "1"}, 400),
    ("PROPPATCH", {"If": "nonsense"}, 400), ("PROPPATCH", {"If": "()"}, 400), ("PROPPATCH", {"If": "(<a>"}, 400),
    ("PROPPATCH", {"If": "<http://x/>"}, 400), ("PROPPATCH", {"If": "(Not)"}, 400), ("PROPPATCH", {"If": "([etag)"}, 400),
    ("PROPPATCH", {"If": "(<urn:a>) <http://x/> (<urn:b>)"}, 400), ("PROPPATCH", {"If": "(" * 5000}, 400),
    ("PROPFIND", [("Depth", "0"), ("Authorization", "Basic YTph"), ("Authorization", "Basic YTph")], (400, 401)),
    ("PROPFIND", {"Depth": "0", "Host": "a b"}, 400), ("PROPFIND", {"Depth": "0", "Host": "user@a"}, 400),
    ("PROPFIND", {"Depth": "0", "Host": "a/b"}, 400), ("PROPFIND", {"Depth": "0", "If-Match": ""}, 400),
    ("UNLOCK", {}, 400), ("UNLOCK", {"Lock-Token": "<>"}, (400, 409)), ("UNLOCK", {"Lock-Token": "<nonsense"}, (400, 409)),
)
failures = []
with Server() as s:
    s.path("folder").mkdir()
    for method, headers, status in CASES:
        body = {"LOCK": lock_body(), "PROPPATCH": "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><a xmlns='u:'/></D:prop>"
                                                  "</D:set></D:propertyupdate>"}.get(method)
        answer = s.request(method, "/folder", headers, body)
        if answer.status not in (status if isinstance(status, tuple) else (status,)):
            failures.append("%s %s: %d, not %s" % (method, str(headers)[:100], answer.status, status))
    for timeout in ("nonsense", "Second-", "Second--1", "Second-99999999999999999999", "", "Second-0", "infinite"):
        s.write("f", "")
        answer = lock(s, "/f", headers={"Timeout": timeout})
        if answer.status != 200:
            failures.append("LOCK with Timeout: %s: %d" % (timeout, answer.status))
        else:
            s.request("UNLOCK", "/f", {"Lock-Token": answer.get("lock-token")})
    s.alive()
if failures:
    fail("\n" + "\n".join(failures))
