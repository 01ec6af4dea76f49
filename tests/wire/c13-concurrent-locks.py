#!/usr/bin/env python3
"""C13: sixteen clients that LOCK, PROPPATCH, PUT and UNLOCK at once: never a 500, never a lost lock."""
from holdfast import *

with Server("--workers", "2") as s:
    s.write("shared", "x")

    def work(i):
        target, seen = "/f%d" % i, []
        with s.connect() as c:
            for turn in range(8):
                answer = lock(c, target)
                same(answer.status, (200, 201), target)
                token = "(<%s>)" % lock_token(answer)
                same(proppatch(c, target, "<D:set><D:prop><x xmlns='u:'>%d</x></D:prop></D:set>" % turn,
                               {"If": token}).status, 207)
                same(c.request("PUT", target, {"If": token}, "turn %d" % turn).status, 204)
                same(c.request("PUT", target, {}, "without").status, 423)
                same(propfind(c, target, "{u:}x")[target][1]["{u:}x"][1].text, str(turn))
                # one lock that all want: one at a time has it
                answer = lock(c, "/shared")
                same(answer.status, (200, 423))
                if answer.status == 200:
                    mine = answer.get("lock-token")
                    same(c.request("PUT", "/shared", {"If": "(%s)" % mine}, "by %d" % i).status, 204)
                    same(s.read("shared"), b"by %d" % i)
                    same(c.request("UNLOCK", "/shared", {"Lock-Token": mine}).status, 204)
                same(proppatch(c, "/shared", "<D:set><D:prop><p%d xmlns='u:'>%d</p%d></D:prop></D:set>" % (i, turn, i)
                               ).status, (207, 423))
                same(c.request("UNLOCK", target, {"Lock-Token": token[1:-1]}).status, 204)
        return seen

    parallel(16, work)
    s.alive()
