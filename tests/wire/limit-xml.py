#!/usr/bin/env python3
"""--max-xml, --max-xml-elements and --max-xml-depth: at, below and above, announced or chunked; 413, a line in the log,
and the connection lives on."""
from holdfast import *

HEAD, TAIL = '<D:propfind xmlns:D="DAV:"><D:prop>', "</D:prop></D:propfind>"


def elements(count):
    return HEAD + "<a/>" * (count - 2) + TAIL


def nested(depth):
    return HEAD + "<a>" * (depth - 2) + "</a>" * (depth - 2) + TAIL


def sized(size):
    return HEAD + " " * (size - len(HEAD + TAIL) - 4) + "<a/>" + TAIL


with Server("--max-xml", "2000", "--max-xml-elements", "50", "--max-xml-depth", "8") as s, s.connect() as c:
    for name, make, most in (("elements", elements, 50), ("depth", nested, 8), ("", sized, 2000)):
        for number, wanted in ((most - 1, 207), (most, 207), (most + 1, 413), (most, 207)):
            for chunked in (False, True):
                answer = c.request("PROPFIND", "/", {"Depth": "0"}, make(number), chunked=chunked)
                same(answer.status, wanted, "%s %d, chunked: %s" % (name or "size", number, chunked))
        limit = "--max-xml" + ("-" + name if name else "")
        lines = [line for line in s.log().splitlines() if line.endswith("127.0.0.1 is over " + limit)]
        same(len(lines), 1, "lines about " + limit)
    body = nested(9).replace("propfind", "propertyupdate").replace("<D:prop>", "<D:set><D:prop>", 1)
    same(c.request("PROPPATCH", "/", {}, body.replace("</D:prop>", "</D:prop></D:set>")).status, 413)
    same(lock(c, "/a", owner="<a>" * 7 + "</a>" * 7).status, 413)
    same(lock(c, "/a", owner="<a>" * 6 + "</a>" * 6).status, 201)

# A depth that the server would not survive cannot be asked for.
for option, value in (("--max-xml-depth", "201"), ("--max-xml-elements", "0"), ("--max-xml", "10")):
    same(run_program("serve", option, value, "/tmp")[0], 2, option)
