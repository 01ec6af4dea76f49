#!/usr/bin/env python3
"""Of many PUTs with If-None-Match: * at once exactly one wins; of many with one If-Match as well."""
from holdfast import *

with Server("--workers", "4") as s:
    for turn in range(5):
        target = "/a%d" % turn
        answers = parallel(8, lambda i: s.request("PUT", target, {"If-None-Match": "*"}, "writer %d" % i))
        statuses = sorted(a.status for a in answers)
        same(statuses, [201] + [412] * 7, "new")
        winner = [i for i, a in enumerate(answers) if a.status == 201][0]
        same(s.read(target[1:]), b"writer %d" % winner)
        etag = s.request("HEAD", target).get("etag")
        answers = parallel(8, lambda i: s.request("PUT", target, {"If-Match": etag}, "second %d" % i))
        same(sorted(a.status for a in answers), [204] + [412] * 7, "replaced")
        winner = [i for i, a in enumerate(answers) if a.status == 204][0]
        same(s.read(target[1:]), b"second %d" % winner)
