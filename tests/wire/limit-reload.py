#!/usr/bin/env python3
"""Limits follow a SIGHUP, for requests and connections from then on; the two that cannot say so."""
from holdfast import *

LOOSE = {"max-url": "100", "max-xml": "4000", "max-xml-depth": "20", "max-properties": "9", "max-locks-per-user": "9",
         "max-connections-per-address": "9", "head-timeout": "60", "max-header": "3000", "idle-timeout": "300"}
TIGHT = {"max-url": "20", "max-xml": "2000", "max-xml-depth": "9", "max-properties": "1", "max-locks-per-user": "1",
         "max-connections-per-address": "2", "head-timeout": str(max(1, PATIENCE / 3)), "max-header": "4000", "idle-timeout": "200"}
asked, pair = 0, []


def nested(depth):
    """Another text each time: what is asked again is not parsed again."""
    global asked
    asked += 1
    return "<!-- %d -->" % asked + '<D:propfind xmlns:D="DAV:"><D:prop>' + "<a>" * depth + "</a>" * depth + "</D:prop></D:propfind>"


def has_two(s):
    """Two connections that are served; the server notices a moment later that others were closed."""
    pair[:] = [s.connect(), s.connect()]
    if all(c.request("OPTIONS", "/").status == 200 for c in pair):
        return True
    for c in pair:
        c.close()
    return False


def statuses(s):
    """Of a URL, an XML body by size and by depth, a second property, a second lock, and a third connection."""
    eventually(lambda: has_two(s), "those before have gone")
    c, d = pair
    with c, d:
        found = [c.request("GET", "/" * 30).status,
                 c.request("PROPFIND", "/", {"Depth": "0"}, nested(1) + " " * 2500).status,
                 c.request("PROPFIND", "/", {"Depth": "0"}, nested(10)).status]
        proppatch(c, "/a", "<D:set><D:prop><p1 xmlns='u:'/></D:prop></D:set>")
        answer = proppatch(c, "/a", "<D:set><D:prop><p2 xmlns='u:'/></D:prop></D:set>")
        found += [status for status, _ in multistatus(answer)["/a"][1].values()]
        first, second = lock(c, "/a"), lock(c, "/b")
        for path, answer in (("/a", first), ("/b", second)):
            if answer.status < 300:
                c.request("UNLOCK", path, {"Lock-Token": "<%s>" % lock_token(answer)})
        proppatch(c, "/a", "<D:remove><D:prop><p2 xmlns='u:'/></D:prop></D:remove>")
        return found + [second.status, s.request("GET", "/").status]


with temporary() as t:
    config = t / "holdfast.conf"

    def write(limits):
        config.write_text("".join("%s = %s\n" % pair for pair in limits.items()))

    write(LOOSE)
    with Server("--config", str(config), "--durability", "relaxed") as s:
        s.write("a", "x")
        s.write("b", "x")
        same(statuses(s), [200, 207, 207, 200, 200, 200])
        for limits, wanted in ((TIGHT, [414, 413, 413, 507, 403, 503]), (LOOSE, [200, 207, 207, 200, 200, 200])):
            write(limits)
            before = s.log().count("was read again")
            s.process.send_signal(signal.SIGHUP)
            eventually(lambda: s.log().count("was read again") > before, "the configuration is read again")
            same(statuses(s), wanted)
            if limits is TIGHT:
                eventually(lambda: s.request("OPTIONS", "/").status == 200, "the last connections have gone")
                with s.connect() as c:
                    same(c.is_closed(), True, "a head that does not come")
        for name in ("max-header", "idle-timeout"):
            same("--%s changed" % name in s.log(), True, "that --%s takes a restart is said" % name)
