#!/usr/bin/env python3
"""In mode auto each client gets what it bears, the log says by which rule, and --client comes first."""
from holdfast import *

NEON, WGET, PYTHON = "cadaver/0.24 neon/0.32.5", "Wget/1.21.3", "python-requests/2.34.2"
CASES = [  # headers, HTTP/1.x, interims wanted (least, most), rule
    ({"User-Agent": WGET}, "HTTP/1.1", 2, 60, "Wget/*"),
    ({"User-Agent": NEON}, "HTTP/1.1", 2, 60, "neon/<0.33"),
    ({"User-Agent": WGET}, "HTTP/1.0", 0, 0, "http/1.0"),
    ({"User-Agent": PYTHON}, "HTTP/1.1", 0, 0, "python-requests/*"),
    ({"User-Agent": "unheard-of"}, "HTTP/1.1", 2, 60, "default"),
    ({"User-Agent": "mine/1", "Via": "1.1 x"}, "HTTP/1.1", 1, 1, "--client mine/*"),
    ({"User-Agent": "theirs/1.9"}, "HTTP/1.1", 0, 0, "--client theirs/<2"),
    ({"User-Agent": "theirs/2", "Via": "1.1 x"}, "HTTP/1.1", 2, 9, "default (proxy)"),
]

with Server("--heartbeat", "0.1", "--client", "mine/*=interim:1", "--client=theirs/<2=silent",
            slow="renameat2=600", match="slow") as s:
    for i, (headers, proto, least, most, rule) in enumerate(CASES):
        s.write("slow%d/a" % i, "x")
        with s.connect() as c:
            answer = c.request("MOVE", "/slow%d" % i, {"Destination": "/moved%d" % i, **headers}, proto=proto)
            same(answer.status, 201)
            within(len(answer.interims), least, most, "102s of %r" % headers)
        logged = lambda: [line for line in s.log().splitlines() if "MOVE /slow%d" % i in line]
        eventually(lambda: len(logged()) == 1, "a line")
        same('rule="%s"' % rule in logged()[0], True, "%r in %r" % (rule, logged()[0]))
        same("interims=%d " % len(answer.interims) in logged()[0], True, logged()[0])

status, out, err = run_program("serve", "--list-clients", "--client", "mine/*=interim:1")
same((status, err), (0, ""))
lines = out.splitlines()
same(lines[1].split(), ["mine/*", "interim:1", "--client"])
same(lines[2].split()[:2], ["neon/<0.33", "interim:120"])
status, out, err = run_program("serve", "--list-clients", "--client", "mine/*=loud")
same((status, out), (2, ""))
