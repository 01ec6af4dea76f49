#!/usr/bin/env python3
"""C8: LOCK of an unmapped name leaves an empty file and answers 201; the owner comes back as sent."""
from holdfast import *

OWNER = '<D:href>mailto:me@example.org</D:href> <x:y xmlns:x="urn:x" a="1&amp;2">Jürgen &lt; <b xmlns="">bold</b></x:y>'
with Server() as s:
    answer = lock(s, "/new.txt", owner=OWNER)
    same(answer.status, 201)
    same(s.read("new.txt"), b"")
    same((answer.get("lock-token") or "")[:1], "<", "Lock-Token: %r" % answer.get("lock-token"))

    def owner_of(text):
        import xml.etree.ElementTree as ET
        owner = [e for e in ET.fromstring(text).iter(dav("owner"))][0]
        return ET.canonicalize(ET.tostring(owner, encoding="unicode"))

    import xml.etree.ElementTree as ET
    sent = ET.canonicalize(ET.tostring(ET.fromstring('<D:owner xmlns:D="DAV:">%s</D:owner>' % OWNER), encoding="unicode"))
    same(owner_of(answer.body), sent, "in the answer")
    found = s.request("PROPFIND", "/new.txt", {"Depth": "0"},
                      "<D:propfind xmlns:D='DAV:'><D:prop><D:lockdiscovery/></D:prop></D:propfind>")
    same(owner_of(found.body), sent, "in lockdiscovery")
    same(lock(s, "/none/new.txt").status, 409, "without a parent")
    same(lock(s, "/new-folder/").status, (201, 405, 409), "a folder's name")
    token = answer.get("lock-token").strip("<>")
    same(s.request("PUT", "/new.txt", {}, "x").status, 423)
    same(s.request("PUT", "/new.txt", {"If": "(<%s>)" % token}, "x").status, 204)
