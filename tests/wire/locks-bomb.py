#!/usr/bin/env python3
"""litmus 0.18, lock bombs: thousands of locks and huge owners are bounded, answered, and slow nobody down."""
from holdfast import *

with Server("--durability", "relaxed") as s, s.connect() as c:
    s.write("a", "x")
    statuses = [lock(c, "/a", scope="shared").status for _ in range(150)]
    same(statuses[:50], [200] * 50)
    same(set(statuses) <= {200, 403, 423, 503, 507}, True, str(set(statuses)))
    same(lock(c, "/b", owner="x" * 500000).status, (400, 403, 413, 507), "a huge owner")
    same(lock(c, "/c", owner="<a>" * 5000 + "</a>" * 5000).status, (400, 403, 413, 507), "a deep owner")
    begun = time.monotonic()
    for i in range(300):
        same(lock(c, "/f%d" % i).status, 201)
    same(len(propfind(c, "/", dav("lockdiscovery"), depth=1)) >= 302, True)
    within(time.monotonic() - begun, 0, 20 * PATIENCE, "seconds for 300 locks")
