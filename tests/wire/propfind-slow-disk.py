#!/usr/bin/env python3
"""A listing over a disk that stands still goes on with blanks, and its XML parses."""
from holdfast import *


def blanks(body):
    return sum(len(found) for found in re.findall(rb"(?<=>\n) +", body))


# No interim response for HTTP/1.0: the 207 itself has to begin before a member is looked at.
with Server("--heartbeat", "0.1", slow="getdents64=0", match="still", gate=True) as s:
    s.write("still/a", "x")
    with s.connect() as c:
        c.start("PROPFIND", "/still", {"Depth": "1"}, proto="HTTP/1.0")
        while blanks(c.buffer) < 4:
            if not c.fill():
                fail("closed before the end")
        s.gate.touch()
        answer = c.response("PROPFIND")
        same(len(multistatus(answer)), 2, "responses")
        within(blanks(answer.body), 4, 1000, "blanks")

# A client that leaves meanwhile is noticed by the next blanks, while the disk still stands.
with Server("--heartbeat", "0.1", slow="getdents64=0", match="still", gate=True) as s:
    s.write("still/a", "x")
    c = s.connect()
    c.start("PROPFIND", "/still", {"Depth": "1"}, proto="HTTP/1.0")
    while blanks(c.buffer) < 1:
        c.fill()
    c.reset()
    eventually(lambda: "PROPFIND" in s.log(), "the access line of who left")
    s.gate.touch()
    s.alive()

# HTTP/1.1, in chunks; the connection can be used again.
for options, wanted in ((), (5, 10000)), (("--heartbeat-mode", "off"), (0, 0)):
    with Server("--heartbeat", "0.05", *options, slow="statx=100", match="slow") as s:
        for i in range(10):
            s.write("slow/f%d" % i)
        with s.connect() as c:
            answer = c.request("PROPFIND", "/slow", {"Depth": "1"})
            same(len(multistatus(answer)), 11, "responses")
            within(blanks(answer.body), *wanted, "blanks with %s" % (options,))
            same(c.request("GET", "/slow/f1").status, 200)
