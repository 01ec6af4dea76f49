#!/usr/bin/env python3
"""While a file is replaced over and over, readers see one whole version each time, never a mixture."""
from holdfast import *

SIZE = 300000
with Server("--workers", "2") as s:
    s.write("a", b"0" * SIZE)
    done = threading.Event()

    def work(i):
        seen = set()
        with s.connect() as c:
            if i == 0:
                for turn in range(40):
                    same(c.request("PUT", "/a", {}, b"%d" % (turn % 10) * SIZE).status, 204)
                done.set()
                return set()
            while not done.is_set():
                answer = c.request("GET", "/a")
                same((answer.status, len(answer.body)), (200, SIZE))
                same(answer.body.count(answer.body[:1]), SIZE, "bytes of one version")
                seen.add(answer.body[:1])
        return seen

    same(len(set().union(*parallel(4, work))) > 1, True, "several versions were seen")
