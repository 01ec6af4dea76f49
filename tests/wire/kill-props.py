#!/usr/bin/env python3
"""kill -9 right before and right after the rename of MOVE, COPY and DELETE: large properties are where their file is."""
from holdfast import *

# Each file's property begins with its content, so wherever it turns up it can be told whose it is.
NAMES = ("slow/f", "slow/sub/g", "dest/f", "dest/sub/h")


def has(s, target):
    status, element = propfind(s, target, "{urn:x}p")[target][1]["{urn:x}p"]
    return element.text[: len(element.text) - 100000] if status == 200 else None


def check(s, what):
    for path in [s.path(name) for name in NAMES + ("dest/sub/g", "slow/sub/h")]:
        if path.exists():
            same(has(s, "/" + str(path.relative_to(s.root))), path.read_text(), "%s, %s" % (what, path.name))


def try_once(method, is_done):
    what = "%s, %s" % (method, "after" if is_done else "before")
    with Server() as s:
        for name in NAMES:
            s.write(name, name)
            answer = proppatch(s, "/" + name, "<D:set><D:prop><p xmlns='urn:x'>%s%s</p></D:prop></D:set>" %
                               (name, "x" * 100000))
            same(multistatus(answer)["/" + name][1]["{urn:x}p"][0], 200, what)
        check(s, "before all")
        s.stop()
        s.slow, s.gate = "fsync=0" if is_done else "renameat2=0", s.temp / "gate"
        s.match = "/root"
        s.start()
        c = s.connect()
        c.start(method, "/slow/", {} if method == "DELETE" else {"Destination": "/dest/"})
        eventually(s.mark.exists, "the rename, %s" % what)
        s.kill()
        s.slow = None
        s.start()
        eventually(lambda: not strays(s.root), "the purge, %s" % what)
        same(s.path("slow").exists(), method == "COPY" or not is_done, what)
        if method != "DELETE":
            same(s.path("dest/sub/g").exists(), is_done, what)
        check(s, what)
        if not s.path("slow").exists():
            s.write("slow/f", "made by somebody else")
            same(has(s, "/slow/f"), None, "what was there is forgotten, %s" % what)


for method in ("MOVE", "COPY", "DELETE"):
    for is_done in (False, True):
        try_once(method, is_done)
