#!/usr/bin/env python3
"""--max-header and --max-url: at, below and above, as set and as they come; the connection lives on; a line in the
log, but not one for each."""
from holdfast import *


def sized(c, total, target="/", more=0):
    """A head that counts for so many bytes; with `more` headers beside those that it has."""
    fields = [("X-%04d" % i, "") for i in range(more)]
    head = c.head("GET", target, fields + [("X-Fill", "")])
    bare = len(head) + 64 * (head.count(b"\r\n") - 2)
    return c.head("GET", target, fields + [("X-Fill", "f" * (total - bare))])


def status(c, head):
    c.send(head)
    return c.response().status


def lines(s, limit):
    return [line for line in s.log().splitlines() if "is over --%s" % limit in line]


with Server("--max-header", "2000", "--max-url", "100") as s, s.connect() as c:
    for size, wanted in ((1999, 200), (2000, 200), (2001, 431), (2500, 431), (2000, 200)):
        same(status(c, sized(c, size)), wanted, "a head of %d bytes" % size)
    for size, wanted in ((99, 404), (100, 404), (101, 414), (1000, 414), (100, 404)):
        same(status(c, c.head("GET", "/" + "u" * (size - 1))), wanted, "a URL of %d bytes" % size)
    same(c.request("PUT", "/" + "u" * 100, {}, "x").status, 414, "with a body")
    same(c.request("PUT", "/a", {}, "x").status, 201)
    for _ in range(50):
        same(status(c, sized(c, 2001)), 431)
    same(s.request("GET", "/" + "u" * 100000).status, 414, "more than fits anywhere")
    same(s.request("GET", "/", {"X": "x" * 100000}).status, 431, "likewise")
    for limit in ("max-header", "max-url"):
        same(len(lines(s, limit)), 1, "lines about --%s" % limit)
        same("127.0.0.1 is over" in lines(s, limit)[0], True)

with Server() as s, s.connect() as c:
    for more in (0, 10, 100, 190):
        same(status(c, sized(c, 15000, more=more)), 200, "the largest head, with %d headers more" % more)
        same(status(c, sized(c, 15001, more=more)), 431)
    s.write("a", "x")
    for size, wanted in ((12799, 200), (12800, 200), (12801, 414)):
        same(status(c, c.head("GET", "/" * (size - 1) + "a")), wanted, "a URL of %d bytes" % size)
