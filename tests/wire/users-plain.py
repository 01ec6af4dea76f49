#!/usr/bin/env python3
"""Passwords over HTTP that other machines reach: refused at the start and at SIGHUP, unless --allow-plain-auth."""
from base64 import b64encode

from holdfast import *

RIGHT = {"Authorization": "Basic " + b64encode(b"ann:right").decode()}
ANY = ("127.0.0.1:0", "0.0.0.0:0")
with temporary() as t:
    users = t / "users"
    same(run_program("passwd", str(users), "ann", stdin="right\n")[0], 0)
    (t / "root").mkdir()
    status, out, err = run_program("serve", "--listen", "0.0.0.0:0", "--state", str(t / "state"), "--users", str(users),
                                   str(t / "root"))
    same((status, out), (1, ""), err)
    for part in (str(users), "in clear", "--tls-cert", "loopback", "--allow-plain-auth"):
        same(part in err, True, "%r in %r" % (part, err))
    same(len(err.splitlines()), 1, err)
with Server("--allow-plain-auth", users={"ann": "right"}, listen=ANY) as s:
    same(s.request("GET", "/", RIGHT).status, 200)
    same("warning: PASSWORDS CROSS THE NETWORK IN CLEAR" in s.log(), True, "it is said loudly")
with Server("--allow-plain-auth", users={"ann": "right"}) as s:
    same("IN CLEAR" in s.log(), False, "nobody else can listen there")
with Server(users={"ann": "right"}, tls=True, listen=ANY) as s:
    same(s.request("GET", "/", RIGHT).status, 200)
    same("IN CLEAR" in s.log(), False)
