#!/usr/bin/env python3
"""--users: 401 with Basic for no or wrong credentials, on every method; right ones work; never in a log."""
from base64 import b64encode

from holdfast import *


def basic(user, password):
    return {"Authorization": "Basic " + b64encode(("%s:%s" % (user, password)).encode()).decode()}


SECRETS = {"alice": "swordfish-4711", "jürgen": "pass:with:colons ü"}
with Server(users=SECRETS) as s, s.connect() as c:
    s.write("a", "x")
    for headers in ({}, basic("alice", "wrong-horse"), basic("nobody", "swordfish-4711"), basic("alice", ""),
                    {"Authorization": "Basic !!!"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic"},
                    {"Authorization": "Basic " + b64encode(b"nocolon").decode()}):
        for method in ("GET", "PROPFIND", "PUT", "OPTIONS", "DELETE"):
            answer = s.request(method, "/a", headers, "evil" if method == "PUT" else None)
            same(answer.status, 401, "%s %s" % (method, headers))
            same(bool(re.match(r'Basic realm="[^"]*"', answer.get("www-authenticate", ""))), True, "WWW-Authenticate")
    for user, password in SECRETS.items():
        same(c.request("GET", "/a", basic(user, password)).body, b"x", user)
    # A wrong password after a right one is still wrong, on the same connection.
    same(c.request("GET", "/a", basic("alice", "wrong-horse")).status, 401)
    begun = time.monotonic()
    for _ in range(50):
        same(c.request("GET", "/a", basic("alice", SECRETS["alice"])).status, 200)
    within(time.monotonic() - begun, 0, 2 * PATIENCE, "seconds for 50 requests: bcrypt is paid once")
    # Refused before the body, with Expect.
    with s.connect() as d:
        d.send(d.head("PUT", "/big", {"Content-Length": "1000000", "Expect": "100-continue"}))
        same(d.response_head().status, 401)
    # The lock belongs to its user.
    headers = basic("alice", SECRETS["alice"])
    token = lock_token(lock(s, "/a", headers=headers))
    other = {**basic("jürgen", SECRETS["jürgen"]), "If": "(<%s>)" % token}
    same(s.request("PUT", "/a", other, "y").status, (403, 412, 423), "another user with the token")
    same(s.request("PUT", "/a", {**headers, "If": "(<%s>)" % token}, "y").status, 204)
    same(s.read("a"), b"y")
    log = s.log()
    for secret in list(SECRETS.values()) + ["wrong-horse"] + [b64encode(("%s:%s" % i).encode()).decode() for i in SECRETS.items()]:
        same(secret in log, False, "%r in the log" % secret)
    same("alice" in log, True, "the user in the log")
