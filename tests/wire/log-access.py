#!/usr/bin/env python3
"""The access log: one line a request with client, user, method, path, status, bytes, ms, interims, agent."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=600", match="slow") as s:
    s.write("slow/a", "x")
    s.write("plain.txt", "12345")
    s.request("GET", "/plain.txt", {"User-Agent": "agent-one/1.0"})
    s.request("MOVE", "/slow", {"Destination": "/moved", "User-Agent": "agent-two"})
    s.request("GET", "/none%0Ainjected%1b", {"User-Agent": 'evil" 200 agent\x1b[2J'})
    s.request("GET", "/bare")
    requests = lambda: [line for line in s.log().splitlines() if re.search(r"GET|MOVE", line)]
    eventually(lambda: len(requests()) == 4, "four lines")
    one, two, evil = [[line for line in requests() if part in line][0] for part in ("/plain", "/slow", "/none")]
    for part in ("127.0.0.1", "GET", "/plain.txt", "200", "5", "agent-one/1.0"):
        same(part in one, True, "%r in %r" % (part, one))
    for part in ("MOVE", "/slow", "201", "agent-two"):
        same(part in two, True, "%r in %r" % (part, two))
    same(any(500 <= float(x) <= 60000 for x in re.findall(r"\d+(?:\.\d+)?", two)), True, "milliseconds in %r" % two)
    same(any(2 <= int(x) <= 60 for x in re.findall(r"(?<![\d.:])\d+(?![\d.:])", two)), True, "interims in %r" % two)
    same("\x1b" in evil, False, "control characters: %r" % evil)
    same('"evil" 200' in evil, False, "a quote is escaped: %r" % evil)
