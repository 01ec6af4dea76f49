#!/usr/bin/env python3
"""A result that is kept for its Idempotency-Key does not keep the body of its request."""
from holdfast import *

COUNT, SIZE, GROWTH_KIB = 150, 900_000, 60 * 1024

if sanitized():
    skip("sanitizers keep freed memory on purpose")

with Server("--heartbeat", "30") as s:
    s.write("a", "x")

    def change(c, i):
        inner = '<D:set><D:prop><x xmlns="urn:x">%d</x></D:prop></D:set><!--%s-->' % (i, "c" * SIZE)
        return multistatus(proppatch(c, "/a", inner, {"Idempotency-Key": "key-%d" % i}))

    with s.connect() as c:
        for i in range(10):  # what one body needs while it is read
            change(c, -1 - i)
        before = s.memory_kib()
        for i in range(COUNT):
            change(c, i)
        within(s.memory_kib() - before, -GROWTH_KIB, GROWTH_KIB, "growth in KiB")
        value = multistatus(c.request("PROPFIND", "/a", {"Depth": "0"}))["/a"][1]["{urn:x}x"][1].text
        same(value, str(COUNT - 1), "the property")
        change(c, 0)
        value = multistatus(c.request("PROPFIND", "/a", {"Depth": "0"}))["/a"][1]["{urn:x}x"][1].text
        same(value, str(COUNT - 1), "the property after a repetition: the results are kept")
