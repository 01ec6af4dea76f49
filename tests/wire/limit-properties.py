#!/usr/bin/env python3
"""--max-property and --max-properties: at, below and above; 507 for what is too much, and nothing is changed."""
from holdfast import *

NS = 'xmlns:x="urn:x"'


def of_size(size):
    """A property that is kept as so many bytes."""
    bare = len("<x:p %s></x:p>" % NS)
    return "<D:set><D:prop><x:p %s>%s</x:p></D:prop></D:set>" % (NS, "v" * (size - bare))


def numbered(*numbers):
    return "<D:set><D:prop>%s</D:prop></D:set>" % "".join('<x:n%d %s>v</x:n%d>' % (n, NS, n) for n in numbers)


def removed(*numbers):
    return "<D:remove><D:prop>%s</D:prop></D:remove>" % "".join('<x:n%d %s/>' % (n, NS) for n in numbers)


def statuses(answer):
    return {tag.split("}")[1]: status for _, props in multistatus(answer).values() for tag, (status, _) in props.items()}


with Server("--max-property", "300", "--max-properties", "5") as s, s.connect() as c:
    s.write("a", "x")
    for size, wanted in ((299, 200), (300, 200), (301, 507), (5000, 507)):
        same(statuses(proppatch(c, "/a", of_size(size))), {"p": wanted}, "%d bytes" % size)
    value = propfind(c, "/a", "{urn:x}p")["/a"][1]["{urn:x}p"][1].text
    same(len(value), 300 - len("<x:p %s></x:p>" % NS), "the last that was taken")
    same(statuses(proppatch(c, "/a", of_size(301) + numbered(1))), {"p": 507, "n1": 424}, "all or nothing")

    same(statuses(proppatch(c, "/a", numbered(1, 2, 3, 4))), dict.fromkeys(("n1", "n2", "n3", "n4"), 200), "five")
    same(statuses(proppatch(c, "/a", numbered(5))), {"n5": 507}, "a sixth")
    same(statuses(proppatch(c, "/a", numbered(1, 2))), {"n1": 200, "n2": 200}, "those that are there")
    same(statuses(proppatch(c, "/a", removed(1) + numbered(5))), {"n1": 200, "n5": 200}, "one for another")
    same(statuses(proppatch(c, "/a", numbered(*range(10, 1000)))).get("n10"), 507, "a flood")
    found = propfind(c, "/a", *("{urn:x}n%d" % n for n in range(1, 12)))["/a"][1]
    same([tag[-1] for tag, (status, _) in found.items() if status == 200], ["2", "3", "4", "5"])
    for limit in ("--max-property", "--max-properties"):
        lines = [line for line in s.log().splitlines() if line.endswith("127.0.0.1 is over " + limit)]
        same(len(lines), 1, "lines about " + limit)

    # A limit that was lowered keeps nobody from what is there.
    s.stop()
    s.options = ["--max-properties", "2"]
    s.start()
    same(statuses(proppatch(s, "/a", numbered(2))), {"n2": 200})
    same(statuses(proppatch(s, "/a", numbered(6))), {"n6": 507})
    same(statuses(proppatch(s, "/a", removed(2, 3, 4, 5) + numbered(6)))["n6"], 200)
