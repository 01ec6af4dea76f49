#!/usr/bin/env python3
"""XML that is not well-formed, of the wrong kind, charset or root: 4xx, and the server lives on."""
from holdfast import *

PROPFIND = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:">%s</D:propfind>'
BODIES = {
    "not XML": "hello",
    "one bracket": "<",
    "not closed": "<D:propfind xmlns:D='DAV:'><D:allprop>",
    "crossed": "<D:propfind xmlns:D='DAV:'><D:prop><a></D:prop></a></D:propfind>",
    "two roots": PROPFIND % "<D:allprop/>" + "<more/>",
    "undeclared prefix": "<D:propfind xmlns:D='DAV:'><D:prop><x:a/></D:prop></D:propfind>",
    "empty namespace of a prefix": '<D:propfind xmlns:D="DAV:"><D:prop><bar:foo xmlns:bar=""/></D:prop></D:propfind>',
    "wrong root": "<D:other xmlns:D='DAV:'/>",
    "no namespace": "<propfind><allprop/></propfind>",
    "says UTF-16 and is not": '<?xml version="1.0" encoding="UTF-16"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>',
    "unknown charset": '<?xml version="1.0" encoding="x-none"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>',
    "not UTF-8": b'<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><a xmlns="\xff\xfe"/></D:prop></D:propfind>',
    "NUL": b'<?xml version="1.0"?><D:propfind xmlns:D="DAV:">\0<D:allprop/></D:propfind>',
    "binary": bytes(range(256)) * 10,
}
failures = []
with Server() as s:
    s.write("a", "x")
    for name, body in BODIES.items():
        for method in ("PROPFIND", "PROPPATCH", "LOCK"):
            answer = s.request(method, "/a", {"Depth": "0", "Content-Type": "text/xml"}, body)
            if answer.status not in (400, 415, 422):
                failures.append("%s, %s: %r" % (name, method, answer))
    for method in ("PROPPATCH", "LOCK"):
        answer = s.request(method, "/a", {}, "")
        if answer.status not in (400, 412, 415, 422):
            failures.append("empty body, %s: %r" % (method, answer))
    same(s.request("MKCOL", "/new", {"Content-Type": "text/plain"}, "hello").status, 415)
    # What is unknown inside is ignored (RFC 4918 17).
    same(s.request("PROPFIND", "/a", {"Depth": "0"}, PROPFIND % "<x xmlns='u:'/><D:allprop/>").status, 207)
    utf16 = (PROPFIND % "<D:allprop/>").replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16")
    same(s.request("PROPFIND", "/a", {"Depth": "0"}, utf16).status, 207, "real UTF-16")
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><D:propfind xmlns:D="DAV:"><D:prop><x xmlns="ü"/></D:prop></D:propfind>'
    same(s.request("PROPFIND", "/a", {"Depth": "0"}, latin.encode("latin-1")).status, (207, 400), "Latin 1")
    s.alive()
if failures:
    fail("\n" + "\n".join(failures))
