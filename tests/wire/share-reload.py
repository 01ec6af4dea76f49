#!/usr/bin/env python3
"""SIGHUP gives each share what its section says by now, and the collections above say what follows from that."""
from holdfast import *

with Server(shares={"one": "", "two": "read-only = yes"}) as s:
    def reload(name, lines, told):
        s.shares[name] = lines
        s.config()
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: told in s.log(), told)

    def statuses():
        return [s.request("PUT", "/%s/a" % name, {}, "12345").status for name in ("one", "two")]

    same(statuses(), [201, 403])
    same(s.request("OPTIONS", "/").all("dav")[0], "1, 2, 3")
    reload("one", "read-only = yes", "--read-only of share one changed")
    same(statuses(), [403, 403])
    same(s.request("OPTIONS", "/").all("dav")[0], "1, 3", "nothing below can be locked any more")
    reload("two", "max-upload = 4", "--max-upload of share two changed")
    same(statuses(), [403, 413])
    same(s.request("OPTIONS", "/").all("dav")[0], "1, 2, 3")
    reload("one", "prefix = /other", "--prefix of share one changed: that takes a restart")
    same(statuses(), [204, 413], "where it was")
