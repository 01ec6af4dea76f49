#!/usr/bin/env python3
"""Refused clients that never close are waited for, but not for long; nobody else notices them."""
from holdfast import *

CLIENTS = 300  # more than src/linger.h has room for


def sockets(s):
    links = []
    for entry in Path("/proc/%d/fd" % s.process.pid).iterdir():
        try:
            links.append(os.readlink(entry))
        except FileNotFoundError:
            pass
    return sum(link.startswith("socket:") for link in links)


with Server() as s:
    s.alive()  # where there are passwords, this one is known now: so many at once may not be verified
    base = sockets(s)
    clients = [s.connect() for _ in range(CLIENTS)]
    for c in clients:
        c.send(c.head("PUT", "/missing/a", {"Content-Length": "5000000", "Expect": "100-continue"}))
    for c in clients:
        same(c.response("PUT").status, 409)
        same(c.is_closed(), True, "closed after the answer")
    s.alive()
    eventually(lambda: sockets(s) <= base, "after some seconds of silence none is waited for")
    for c in clients:
        c.close()
    # A client that closes first is not waited for at all, and one that closes in time not any longer.
    for _ in range(20):
        same(s.request("PUT", "/missing/a", {"Expect": "100-continue"}, b"x").status, 409)
    eventually(lambda: sockets(s) <= base, "they are gone")
