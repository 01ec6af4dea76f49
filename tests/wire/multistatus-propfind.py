#!/usr/bin/env python3
"""PROPFIND gives signs of life while it meets a slow disk, at its beginning and in the middle, whoever asks.

But for --heartbeat-mode off, which is what it says.
"""
from longops import *

AGENTS = [{}, {"User-Agent": "rclone/v1.60"}, {"User-Agent": "python-requests/2.28"}, {"User-Agent": "curl/7.88.1"},
          {"User-Agent": "cadaver/0.24 neon/0.33.0"}]


def listing(s, depth, headers, proto):
    """Reads the answer with three signs of life in it before the disk goes on."""
    s.shut_gate()
    with s.connect() as c:
        c.start("PROPFIND", "/" if depth else "/slow/", {"Depth": "infinity", **headers}, proto=proto)
        s.is_held()
        eventually(lambda: c.fill() and (c.buffer.count(b"HTTP/1.1 102 ") >= 3 or
                                         re.search(rb">\s*(1\r\n[ \n]\r\n){3,}$|> *[ \n]{3,}$", c.buffer)),
                   "three signs of life for %s %s" % (headers, proto))
        s.open_gate()
        return c.response("PROPFIND")


for mode in ("auto", "multistatus", "interim"):
    with Held("--heartbeat", "0.1", "--heartbeat-mode", mode, slow="getdents64=0") as s:
        s.write("slow/a", "x")
        for i in range(300):
            s.write("other%d/b" % i, "y")
        for headers in AGENTS:
            for proto in ("HTTP/1.1", "HTTP/1.0"):
                for depth in (0, 1):
                    found = multistatus(listing(s, depth, headers, proto))
                    same("/slow/a" in found, True, "%s %s %s" % (mode, headers, proto))
                    same(len(found), 602 + 1 if depth else 2, "%s %s %s" % (mode, headers, proto))
