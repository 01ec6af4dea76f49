#!/usr/bin/env python3
"""A change that a page of another site asks for is refused before anything else; --allow-origin lets an application in."""
from holdfast import *

APP = "https://app.example"
CHANGES = (("PUT", "/file", {}, b"new"), ("DELETE", "/file", {}, None), ("MKCOL", "/made", {}, None),
           ("MOVE", "/file", {"Destination": "/moved"}, None), ("COPY", "/file", {"Destination": "/copy"}, None),
           ("PROPPATCH", "/file", {}, b"<x/>"), ("LOCK", "/file", {}, b"<x/>"), ("UNLOCK", "/file", {}, None),
           ("POST", "/file", {}, b"x"), ("DELETE", "/.holdfast/jobs/x", {}, None), ("BREW", "/file", {}, None))

with Server(users={"ann": "pw"}) as s:
    s.write("file", "old")
    login = {"Authorization": "Basic YW5uOnB3"}
    before = tree(s.root)
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": APP}):
        with s.connect() as c:
            for method, target, headers, body in CHANGES:
                answer = c.request(method, target, {**headers, **foreign, **login}, body)
                same((answer.status, answer.body.count(b"\n")), (403, 1), "%s %r" % (method, foreign))
                same(answer.get("connection"), None, "the connection lives")
                same(answer.get("access-control-allow-origin"), None)
            for method in ("GET", "HEAD", "PROPFIND", "OPTIONS"):
                same(c.request(method, "/file", {**foreign, **login, "Depth": "0"}).status, (200, 207), method)
    same(s.request("PUT", "/file", {"Origin": "null"}, b"new").status, 403, "before it is asked who asks")
    same(s.request("PUT", "/big", {"Origin": "null", "Content-Length": "10000000", "Expect": "100-continue", **login}).status, 403,
         "without the body")
    same(tree(s.root), before, "nothing was changed")
    # our own pages, and everybody who is no browser
    for own in ({"Origin": s.url}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        same(s.request("PUT", "/file", {**own, **login}, b"new").status, 204, "%r" % own)
    # no preflight is answered
    ask = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    answer = s.request("OPTIONS", "/file", ask)
    same((answer.status, answer.get("access-control-allow-origin"), answer.get("vary")), (401, None, None))

with Server(users={"ann": "pw"}, tls=True) as s:
    same(s.request("PUT", "/file", {"Origin": s.url, **login}, b"new").status, 201)
    same(s.request("PUT", "/file", {"Origin": s.url.replace("https", "http"), **login}, b"new").status, 403, "another scheme")

with Server("--allow-origin", APP, "--allow-origin", "app://obsidian.md", users={"ann": "pw"}) as s:
    s.write("file", "old")
    ask = {"Origin": APP, "Access-Control-Request-Method": "PROPFIND",
           "Access-Control-Request-Headers": "authorization,depth,x-own"}
    answer = s.request("OPTIONS", "/file", ask)
    same(answer.status, 204, "a preflight has no password")
    same(answer.get("access-control-allow-origin"), APP)
    same(answer.get("access-control-allow-credentials"), "true")
    same(answer.get("access-control-allow-headers"), "authorization,depth,x-own")
    same({"PROPFIND", "PUT", "MOVE", "LOCK"} <= set(answer.get("access-control-allow-methods").split(", ")), True)
    same(s.request("OPTIONS", "/file", {**ask, "Access-Control-Request-Headers": "a\x01b"}).get("access-control-allow-headers"), None)
    same(s.request("OPTIONS", "/file", {"Origin": APP}).status, 401, "no preflight")
    for origin in (APP, "app://obsidian.md"):
        for site in ({}, {"Sec-Fetch-Site": "cross-site"}):
            answer = s.request("PUT", "/file", {"Origin": origin, **site, **login}, b"new")
            same((answer.status, answer.get("access-control-allow-origin"), answer.get("vary")), (204, origin, "Origin"))
    for method, headers, status in (("GET", login, 200), ("GET", {}, 401), ("PROPFIND", {"Depth": "1", **login}, 207)):
        answer = s.request(method, "/", {"Origin": APP, **headers})
        same((answer.status, answer.get("access-control-allow-origin")), (status, APP), "every answer can be read")
        same("ETag" in answer.get("access-control-expose-headers"), True)
    for origin in ("https://app.example.evil", "null", "http://app.example"):
        answer = s.request("PUT", "/file", {"Origin": origin, **login}, b"new")
        same((answer.status, answer.get("access-control-allow-origin"), answer.get("vary")), (403, None, "Origin"))
        same(s.request("OPTIONS", "/file", {**ask, "Origin": origin}).status, 401)
    same(s.request("GET", "/file", login).get("vary"), "Origin", "for caches")
for bad in ("null", "*", "app.example", "https://app.example/"):
    same(run_program("serve", "--allow-origin", bad, "/tmp")[0], 2, bad)
