#!/usr/bin/env python3
"""100,000 elements, deep nesting, many attributes, a body too large: refused without growth."""
from holdfast import *

HEAD = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>'
TAIL = "</D:prop></D:propfind>"
BODIES = {
    "100,000 elements": HEAD + "".join('<p%d xmlns="u:"/>' % i for i in range(100000)) + TAIL,
    "deep": HEAD + "<a>" * 50000 + "</a>" * 50000 + TAIL,
    "attributes": HEAD + "<a " + " ".join('b%d="1"' % i for i in range(50000)) + "/>" + TAIL,
    "one long name": HEAD + "<%s/>" % ("a" * 3000000) + TAIL,
    "one long text": HEAD + "<a>%s</a>" % ("a" * 30000000) + TAIL,
    "endless comment": HEAD + "<!-- %s -->" % ("a" * 30000000) + TAIL,
}
with Server() as s:
    s.write("a", "x")
    s.alive()
    before = s.memory_kib()
    for name, body in BODIES.items():
        for chunked in (False, True):
            with s.connect() as c:
                try:
                    c.start("PROPFIND", "/a", {"Depth": "0"}, body, chunked=chunked)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                try:
                    status = c.response("PROPFIND").status
                except Closed:
                    status = "closed"
                same(status, (400, 413, 422), name)
    if not sanitized():
        within(s.memory_kib() - before, -100000, 16384, "KiB grown")
    # A thousand properties are fine.
    body = HEAD + "".join('<p%d xmlns="u:"/>' % i for i in range(1000)) + TAIL
    same(s.request("PROPFIND", "/a", {"Depth": "0"}, body).status, 207)
    s.alive()
