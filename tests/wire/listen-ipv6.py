#!/usr/bin/env python3
"""IPv6: --listen [::1]:0, and its name in Destination; together with IPv4 as well."""
import socket

from holdfast import *

try:
    socket.create_server(("::1", 0), family=socket.AF_INET6).close()
except OSError as error:
    skip("no IPv6 on this machine: %s" % error)
with Server(listen=("[::1]:0", "127.0.0.1:0")) as s:
    (host, port), (host4, _) = s.addresses
    same((host, host4), ("::1", "127.0.0.1"))
    s.write("a", "x")
    with s.connect() as c:
        same(c.request("GET", "/a").body, b"x")
        same(c.request("COPY", "/a", {"Destination": "http://[::1]:%d/b" % port}).status, 201)
        same(c.request("COPY", "/a", {"Destination": "http://[::2]:%d/b" % port}).status, 502)
    with s.connect(at=s.addresses[1]) as c:
        same(c.request("GET", "/b").body, b"x")
