#!/usr/bin/env python3
"""Behind a proxy X-Forwarded-Host says who we are, and -For who asks, only of proxies that are trusted."""
from holdfast import *

HEADERS = {"Destination": "https://cloud.example/b", "X-Forwarded-Host": "cloud.example", "X-Forwarded-Proto": "https"}
with Server() as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 502, "not trusted")
    same(s.request("COPY", "/a", {**HEADERS, "Host": "cloud.example"}).status, 201, "a proxy that keeps the Host")
with Server("--trust-forwarded") as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 201, "trusted")


def clients(s, count):
    """The addresses of the access log, one for each GET; lines of several connections come in any order."""
    def found():
        lines = [line.split() for line in s.log().splitlines() if '"GET /who' in line]
        return [line[1] for line in sorted(lines, key=lambda line: line[4])]
    eventually(lambda: len(found()) == count, "%d lines" % count)
    return found()


CHAIN = "198.51.100.7, 192.0.2.9"
with Server("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "192.0.2.0/24") as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 201, "a trusted proxy")
    s.request("GET", "/who1", {"X-Forwarded-For": CHAIN})
    s.request("GET", "/who2", [("X-Forwarded-For", "evil, 2001:db8::1"), ("X-Forwarded-For", "192.0.2.9")])
    s.request("GET", "/who3", {"X-Forwarded-For": "evil"})
    s.request("GET", "/who4")
    same(clients(s, 4), ["198.51.100.7", "2001:db8::1", "127.0.0.1", "127.0.0.1"])
with Server("--trusted-proxy", "192.0.2.9", "--trust-forwarded") as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 502, "somebody else")
    s.request("GET", "/who", {"X-Forwarded-For": CHAIN})
    same(clients(s, 1), ["127.0.0.1"])
