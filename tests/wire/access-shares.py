#!/usr/bin/env python3
"""Rules in several shares: above them those are listed in which there is something for whoever asks."""
from base64 import b64encode

from holdfast import *

USERS = {"ann": "a", "bob": "b"}


def ask(s, user, method, target, **headers):
    login = {"Authorization": "Basic " + b64encode(("%s:%s" % (user, USERS[user])).encode()).decode()}
    return s.request(method, target, {**login, **headers})


SHARES = {"one": "access = /deep/in ann write", "two": "access = / bob read", "three": "prefix = /under/3\naccess = / bob read",
          "open": ""}

with Server(shares=SHARES, users=USERS) as s:
    for name in ("one/deep/in/f", "one/f", "two/f", "three/f", "open/f"):
        s.write(name, name)

    def listed(user, target, depth="1"):
        return hrefs(ask(s, user, "PROPFIND", target, Depth=depth))

    same(listed("ann", "/"), ["/", "/one/", "/open/"])
    same(listed("bob", "/"), ["/", "/open/", "/two/", "/under/"])
    same(listed("ann", "/one", "infinity"), ["/one/", "/one/deep/", "/one/deep/in/", "/one/deep/in/f"])
    same(listed("bob", "/under"), ["/under/", "/under/3/"])
    same(b"two" in ask(s, "ann", "GET", "/").body, False)
    for hidden in ("/two", "/two/f", "/two/.holdfast", "/two/.holdfast-x", "/under", "/under/3/", "/under/3/f"):
        for method in ("GET", "PROPFIND", "OPTIONS", "DELETE", "MKCOL", "BREW"):
            answer, missing = ask(s, "ann", method, hidden), ask(s, "ann", method, "/none/.holdfast-x")
            same([(a.status, a.body, sorted(h for h in a.headers if h[0] != "date")) for a in (answer,)],
                 [(a.status, a.body, sorted(h for h in a.headers if h[0] != "date")) for a in (missing,)],
                 "%s %s" % (method, hidden))
    same(ask(s, "ann", "PUT", "/one/deep/in/new").status, 201)
    same(ask(s, "ann", "PUT", "/one/deep/new").status, 404)
    same(ask(s, "bob", "PUT", "/two/f").status, 403)
    same(ask(s, "ann", "PUT", "/open/new").status, 201)
