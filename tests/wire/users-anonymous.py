#!/usr/bin/env python3
"""--anonymous none, read and write: who has no name may do that much; wrong credentials are 401 all the same."""
from base64 import b64encode

from holdfast import *

RIGHT, WRONG = ({"Authorization": "Basic " + b64encode(b"ann:" + p).decode()} for p in (b"right", b"wrong"))
READS, CHANGES = ("GET", "HEAD", "OPTIONS", "PROPFIND"), ("PUT", "MKCOL", "DELETE", "LOCK", "PROPPATCH", "COPY", "POST", "X")


def statuses(s, methods, headers=()):
    return [s.request(m, "/a" if m in READS else "/new", headers).status for m in methods]


with Server(users={"ann": "right"}) as s:
    s.write("a", "x")
    same(set(statuses(s, READS + CHANGES)), {401}, "none is the default with users")
    same(s.request("GET", "/.holdfast/jobs").status, 401)
with Server("--anonymous", "read", users={"ann": "right"}) as s:
    s.write("a", "x")
    same(statuses(s, READS), [200, 200, 200, 207])
    same(set(statuses(s, CHANGES)), {401}, "so that clients ask")
    same(set(statuses(s, READS + CHANGES, WRONG)), {401})
    same(s.request("PUT", "/a", RIGHT, "y").status, 204)
    same(s.request("GET", "/.holdfast/jobs").status, 200)
    for challenge in (s.request("DELETE", "/a"), s.request("GET", "/a", WRONG)):
        same(challenge.get("www-authenticate"), 'Basic realm="Holdfast", charset="UTF-8"')
    with s.connect() as c:  # 401 does not end the connection
        same(c.request("PUT", "/a", (), "z").status, 401)
        same(c.request("GET", "/a").body, b"y")
        same(c.request("PUT", "/a", RIGHT, "z").status, 204)
with Server("--anonymous", "write", users={"ann": "right"}) as s:
    same(s.request("PUT", "/a", (), "x").status, 201)
    same(s.request("PUT", "/a", WRONG, "y").status, 401)
    token = lock_token(lock(s, "/a", headers=RIGHT))
    same(s.request("PUT", "/a", {"If": "(<%s>)" % token}, "y").status, (403, 412, 423), "the lock is ann's")
with Server("--anonymous", "read") as s:  # nobody has a name: nothing to ask for
    s.write("a", "x")
    same(statuses(s, READS), [200, 200, 200, 207])
    same(set(statuses(s, CHANGES)), {403})
    same(set(statuses(s, CHANGES, RIGHT)), {403})
with Server() as s:  # alone on this machine
    same(s.request("PUT", "/a", (), "x").status, 201)
for listen, options in (("0.0.0.0:0", ["--anonymous", "write"]), ("0.0.0.0:0", ["--anonymous", "read"])):
    with Server(*options, listen=(listen,)) as s:
        s.request("GET", "/")
