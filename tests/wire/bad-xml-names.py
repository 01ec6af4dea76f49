#!/usr/bin/env python3
"""Many names in one long namespace, long prefixes under a long text: refused or answered soon, without growth."""
from holdfast import *


def propfind_of(namespace, count):
    return '<propfind xmlns="DAV:" xmlns:a="u:%s"><prop>%s</prop></propfind>' % (
        "A" * namespace, "".join("<a:b%d/>" % i for i in range(count)))


def proppatch_of(prefix, count, text):
    return '<propertyupdate xmlns="DAV:" %s><set><prop><b>%s</b></prop></set></propertyupdate>' % (
        " ".join('xmlns:%s="u:%d"' % ("a" * (prefix + i), i) for i in range(count)), text)


with Server() as s:
    s.write("d/f", "x")
    s.alive()
    before = s.memory_kib()
    for namespace, count in ((50000, 1000), (200000, 3000), (500000, 9000), (4000, 9000), (1500, 3000)):
        for depth in ("0", "1", "infinity"):
            answer = s.request("PROPFIND", "/d", {"Depth": depth}, propfind_of(namespace, count))
            same(answer.status, 413, "%d names in a namespace of %d, Depth %s" % (count, namespace, depth))
    if not sanitized():
        within(s.memory_kib() - before, -100000, 65536, "KiB grown")
    same(len(hrefs(s.request("PROPFIND", "/d", {"Depth": "1"}, propfind_of(20, 9000)))), 2)
    # Looking at each letter for each prefix takes minutes, which the client does not wait.
    for prefix, count, text in ((4000, 5, "a" * 900000), (100, 95, "a" * 900000), (100, 95, "a:" * 450000)):
        answer = s.request("PROPPATCH", "/d/f", {}, proppatch_of(prefix, count, text))
        same(answer.status, (207, 413), "%d prefixes of %d" % (count, prefix))
    s.alive()
