#!/usr/bin/env python3
"""Shares that cannot be: one line that says why, and nothing is served or made."""
from holdfast import *

with temporary() as temp:
    for name in ("a/b", "c"):
        (temp / name).mkdir(parents=True)
    (temp / "link").symlink_to("a/b")
    config = temp / "holdfast.conf"

    def refused(lines, *parts, status=1):
        config.write_text("listen = 127.0.0.1:0\nstate = state\n" + lines)
        before = tree(temp)
        got, out, err = run_program("serve", "--config", str(config))
        same((got, out, len(err.splitlines())), (status, "", 1), "%r: %r" % (lines, err))
        for part in parts:
            same(part in err, True, "%r says %r" % (err, part))
        same(tree(temp) == before, True, "nothing was made for %r" % lines)

    share = "[share %s]\nroot = %s\n%s\n"
    refused(share % ("one", "a", "") + share % ("two", "a/b", ""), "share two", "share one")
    refused(share % ("one", "link", "") + share % ("two", "a", ""), "share one", "share two")
    refused(share % ("one", "a", "") + share % ("two", "a", ""), "lies inside that of share")
    refused(share % ("one", "link", "") + share % ("two", "a/b", ""), "lies inside that of share")
    refused(share % ("one", "c", "") + share % ("two", "none", ""), "none", "No such file")
    refused(share % ("one", "a", "") + share % ("two", "c", "state = a/state"), "a/state", "inside")
    refused(share % ("one", "a/b", "state = same") + share % ("two", "c", "state = same"), "same", "share one", "share two")
    refused(share % ("one", "a", "state = link/state"), "a/b/state", "inside")
    refused(share % ("one", "a", "prefix = /") + share % ("two", "c", ""), "overlap", status=2)
    refused(share % ("one", "a", "prefix = /x/y") + share % ("two", "c", "prefix = /x"), "overlap", status=2)
    refused(share % ("one", "a", "prefix = /x/") + share % ("two", "c", "prefix = /x"), "overlap", status=2)
    refused(share % ("one", "a", "prefix = /caf\u00e9/x") + share % ("two", "c", "prefix = /cafe\u0301"), "overlap", status=2)
    for prefix in ("x", "/x/../y", "/.holdfast", "/.holdfast/x", "/x/.holdfast-y", "/" + "x" * 256, "/" + "x/" * 130):
        refused(share % ("one", "a", "prefix = " + prefix), "prefix", status=2)
    refused(share % (".holdfast", "a", ""), "name", status=2)
