#!/usr/bin/env python3
"""Three folders in one server: each has its URLs, all that it says of itself has them, and above is a way to them."""
from holdfast import *

SHARES = {"one": "", "two": "prefix = /deep/two files", "three": "prefix = /deep/3/\nread-only = yes"}
TWO = "/deep/two%20files"

with Server(listen=("127.0.0.1:0", "127.0.0.1:0"), shares=SHARES) as s:
    s.write("one/a", "one")
    s.write("two/a", "two")
    s.write("two/d/e", "e")
    urls = ["%s://%s:%d" % (s.url.split(":")[0], *address) for address in s.addresses]
    same(s.lines, ["holdfast: serving %s at %s%s/" % (s.path(name), url, prefix)
                   for name, prefix in (("one", "/one"), ("two", TWO), ("three", "/deep/3")) for url in urls])

    # Each is asked by its own URLs.
    same([s.request("GET", target).body for target in ("/one/a", TWO + "/a", "//one//a", "/%6fne/a")],
         [b"one", b"two", b"one", b"one"])
    same([s.request("GET", target).status for target in ("/onea", "/one/two", "/deep/two", "/one/../deep/3/")],
         [404, 404, 404, 400])
    same(s.request("GET", "http://elsewhere.example/one/a").status, 400)
    same(hrefs(s.request("PROPFIND", TWO, {"Depth": "infinity"})), [TWO + end for end in ("/", "/a", "/d/", "/d/e")])
    same(s.request("PUT", "/one/new", {}, "x").get("location"), "/one/new")
    same(s.read("one/new"), b"x")
    same(s.request("MKCOL", TWO + "/%C3%BC").get("location"), TWO + "/%C3%BC/")
    same(s.request("PUT", "/deep/3/new", {}, "x").status, 403, "it is read-only")
    same([s.request("OPTIONS", target).all("dav")[0] for target in ("/one/", "/deep/3/")], ["1, 2, 3", "1, 3"])
    same([s.request("OPTIONS", "*").status, s.request("DELETE", "/one").status], [200, 403])
    same(propfind(s, TWO + "/")[TWO + "/"][1][dav("displayname")][1].text, "two files")

    # The server's own names are at the root of all, and in no share.
    same(s.request("GET", "/.holdfast/jobs").status, 200)
    same([s.request("GET", target).status for target in ("/one/.holdfast/jobs", "/.holdfast/none", "/.holdfast/")], [404] * 3)

    # What is above leads there, and is as it is.
    same(hrefs(s.request("PROPFIND", "/", {"Depth": "1"})), ["/", "/deep/", "/one/"])
    same(hrefs(s.request("PROPFIND", "/deep", {"Depth": "1"})), ["/deep/", "/deep/3/", TWO + "/"])
    same(s.request("PROPFIND", "/", {"Depth": "infinity"}).status, 403)
    same(b'<a href="deep/">' in s.request("GET", "/").body, True)
    same(b'<a href="two%20files/">' in s.request("GET", "/deep/").body, True)
    same([s.request(method, "/").status for method in ("HEAD", "OPTIONS")], [200, 200])
    same(s.request("OPTIONS", "/").get("allow"), "OPTIONS, GET, HEAD, PROPFIND")
    same(s.request("OPTIONS", "/").all("dav")[0], "1, 2, 3", "what is below can be locked")
    # With rules, what is not there looks like a share that one may not see.
    for target, status in (("/", 403), ("/new", 404 if s.is_tester() else 403), ("/deep", 403),
                           ("/deep/new", 404 if s.is_tester() else 403)):
        for method in ("PUT", "DELETE", "MKCOL", "COPY", "MOVE", "LOCK", "PROPPATCH"):
            same(s.request(method, target, {"Destination": "/one/c"}).status, status, "%s %s" % (method, target))
    same([s.request(method, "/none").status for method in ("GET", "PROPFIND")], [404, 404])

    # From one to the other, or to what is above, nothing is copied.
    for method in ("COPY", "MOVE"):
        for to in (TWO + "/b", "/b", "/deep/b", "/", urls[0] + TWO + "/b", "/one2/b"):
            answer = s.request(method, "/one/a", {"Destination": to})
            same((answer.status, b"another share" in answer.body), (502, True), "%s to %s" % (method, to))
        same(s.request(method, TWO + "/d", {"Destination": "/one/d"}).status, 502)
    same(s.request("COPY", "/one/a", {"Destination": urls[0] + "/one/b"}).get("location"), "/one/b")
    same(s.request("MOVE", TWO + "/d", {"Destination": TWO + "/D"}).status, 201)
    same(tree(s.root), {"one": None, "one/a": b"one", "one/b": b"one", "one/new": b"x", "two": None, "two/a": b"two",
                        "two/D": None, "two/D/e": b"e", "two/\u00fc": None, "three": None})
    same(sorted(path.name for path in s.state.iterdir()), ["one", "three", "two"])
