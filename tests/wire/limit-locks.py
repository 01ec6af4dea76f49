#!/usr/bin/env python3
"""--max-locks-per-user and --max-locks-per-resource: at, below and above; 403, a line in the log, others go on, and an
UNLOCK gives the place back, also across a restart."""
import base64

from holdfast import *


def login(name):
    return {"Authorization": "Basic " + base64.b64encode(("%s:%s" % (name, name)).encode()).decode()}


def lines(s, limit):
    return len([line for line in s.log().splitlines() if line.endswith("is over " + limit)])


with Server("--durability", "relaxed", "--max-locks-per-user", "3", users={"ann": "ann", "bob": "bob"}) as s:
    with s.connect() as c:
        tokens = [lock_token(lock(c, "/a%d" % i, headers=login("ann"))) for i in range(3)]
        same(lock(c, "/a3", headers=login("ann")).status, 403, "one more")
        same(s.path("a3").exists(), False, "and nothing was made")
        same(lock(c, "/b", headers=login("bob")).status, 201, "another's")
        same(lines(s, "--max-locks-per-user"), 1)
        refresh = {**login("ann"), "If": "(<%s>)" % tokens[0]}
        same(c.request("LOCK", "/a0", refresh).status, 200, "a refresh is no new lock")
        unlock = {**login("ann"), "Lock-Token": "<%s>" % tokens[0]}
        same(c.request("UNLOCK", "/a0", unlock).status, 204)
        same(lock(c, "/a3", headers=login("ann")).status, 201, "a place came back")
        same(lock(c, "/a4", headers=login("ann")).status, 403)
    s.stop()
    s.start()
    same(lock(s, "/a4", headers=login("ann")).status, 403, "after a restart")
    same(s.request("DELETE", "/a1", {**login("ann"), "If": "(<%s>)" % tokens[1]}).status, 204)
    same(lock(s, "/a4", headers=login("ann")).status, 201, "what was deleted has no lock")

with Server("--durability", "relaxed", "--max-locks-per-resource", "4") as s, s.connect() as c:
    s.write("a", "x")
    same([lock(c, "/a", "shared").status for _ in range(6)], [200] * 4 + [403] * 2)
    same(lock(c, "/b").status, 201)
    same(lines(s, "--max-locks-per-resource"), 1)
