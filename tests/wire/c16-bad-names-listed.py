#!/usr/bin/env python3
"""C16: names that are not UTF-8 or hold control characters are listed as XML that parsers accept."""
from urllib.parse import quote_from_bytes

from holdfast import *

NAMES = [b"latin-\xfc", b"\xff\xfe", b"ctrl-\x01\x1f", b"half-\xc3", b"surrogate-\xed\xa0\x80", b"nonchar-\xef\xbf\xbf", b"]]>&<"]
with Server() as s:
    for name in NAMES:
        with open(os.path.join(os.fsencode(s.root), name), "wb") as f:
            f.write(name)
    found = propfind(s, "/", depth=1)
    for name in NAMES:
        href = "/" + quote_from_bytes(name, safe="-._~")
        same(href in found, True, href)
        same(s.request("GET", href).body, name)
    href = "/" + quote_from_bytes(NAMES[0], safe="")
    same(s.request("MOVE", href, {"Destination": "/moved%fc"}).status, 201)
    same(s.request("COPY", "/moved%FC", {"Destination": href}).status, 201)
    same(s.request("DELETE", "/moved%FC").status, 204)
    same(s.request("GET", "/").status, 200)
