#!/usr/bin/env python3
"""Heartbeats over TLS are the same: 102s, the final status, the connection serves on."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=600", match="slow", tls=True) as s:
    same(s.url.startswith("https://"), True, "the address says https")
    s.write("slow/a", "x")
    with s.connect() as c:
        answer = c.request("MOVE", "/slow", {"Destination": "/slow-moved"})
        same(answer.status, 201)
        within(len(answer.interims), 2, 60, "102s")
        again = c.request("MOVE", "/slow-moved", {"Destination": "/moved"})
        same(again.status, 201)
        within(len(again.interims), 2, 60, "102s the second time")
        same(c.request("GET", "/moved/a").body, b"x")
        same(c.request("PUT", "/big", {}, b"0123456789" * 200000).status, 201)
        same(c.request("GET", "/big").body, b"0123456789" * 200000)
