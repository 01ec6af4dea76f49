#!/usr/bin/env python3
"""Destination: absolute URI, absolute path, another scheme; another host is 502, nonsense 400."""
from holdfast import *

with Server() as s, s.connect() as c:
    s.write("a", "x")
    here = c.authority()
    for i, form in enumerate(("http://%s/to%%20%%d" % here, "/to%20%d", "https://%s/to%%20%%d" % here,
                              "HTTP://%s/to%%20%%d" % here)):
        target = form.replace("%d", str(i))
        same(c.request("COPY", "/a", {"Destination": target}).status, 201, target)
        same(s.read("to %d" % i), b"x")
    for target, status in (("http://other.example/b", 502), ("http://127.0.0.1:1/b", 502), ("http://%s1/b" % here, (400, 502)), ("https://other.example/b", 502),
                           ("ftp://%s/b" % here, (400, 502)), ("b", 400), ("", 400), ("mailto:me", (400, 502)),
                           ("/b%zz", 400), ("/b%00", (400, 403, 404)), ("/../b", (400, 403)), ("/%2e%2e/b", (400, 403)),
                           ("/x%2Fb", (400, 403, 404)), ("/b#part", 400), ("http:///b", (400, 502))):
        for method in ("COPY", "MOVE"):
            same(s.request(method, "/a", {"Destination": target}).status, status, "%s to %r" % (method, target))
    same(s.request("COPY", "/a").status, 400, "no Destination")
    same(s.request("COPY", "/a", [("Destination", "/b"), ("Destination", "/c")]).status, 400, "two Destinations")
    same(sorted(tree(s.root)), ["a"] + ["to %d" % i for i in range(4)])
