#!/usr/bin/env python3
"""C14: a change is seen by the next request on any other connection."""
from holdfast import *

with Server("--workers", "2") as s:
    clients = [s.connect() for _ in range(8)]
    for turn in range(20):
        writer = clients[turn % 8]
        same(writer.request("PUT", "/a%d" % turn, {}, "%d" % turn).status, 201)
        for c in clients:
            same(c.request("GET", "/a%d" % turn).body, b"%d" % turn)
            same("/a%d" % turn in propfind(c, "/", depth=1), True)
        same(writer.request("MOVE", "/a%d" % turn, {"Destination": "/b"}).status, (201, 204))
        for c in clients:
            same(c.request("GET", "/a%d" % turn).status, 404)
            same(c.request("GET", "/b").body, b"%d" % turn)
