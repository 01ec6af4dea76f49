#!/usr/bin/env python3
"""Content types come from the system's MIME database; unknown ones are application/octet-stream."""
from holdfast import *

with Server() as s, s.connect() as c:
    for name, kind in (("a.txt", "text/plain"), ("A.HTML", "text/html"), ("a.pdf", "application/pdf"), ("a.jpg", "image/jpeg"),
                       ("a.tar.gz", ("application/gzip", "application/x-tar", "application/octet-stream")),
                       ("none", "application/octet-stream"), ("a.unknown-ending", "application/octet-stream"),
                       (".txt", ("text/plain", "application/octet-stream"))):
        s.write(name, "x")
        same((c.request("GET", "/" + name).get("content-type") or "").split(";")[0], kind, name)
