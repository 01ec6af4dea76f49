#!/usr/bin/env python3
"""C1: ETags are strong at once, and PUT, GET, HEAD and PROPFIND agree on them."""
from holdfast import *

with Server() as s, s.connect() as c:
    for turn in range(30):
        etag = c.request("PUT", "/a", {}, "content %d" % turn).get("etag")
        same(bool(re.fullmatch(r'"[^"]+"', etag or "")), True, "strong: %r" % etag)
        same(c.request("HEAD", "/a").get("etag"), etag, "HEAD")
        same(c.request("GET", "/a").get("etag"), etag, "GET")
        same(propfind(c, "/a", dav("getetag"))["/a"][1][dav("getetag")][1].text, etag, "PROPFIND")
        same(c.request("PUT", "/a", {"If-Match": etag}, "content %d" % turn).status, 204)
    # A change by hand, within the same second and of the same size, is another content.
    etag = c.request("HEAD", "/a").get("etag")
    s.write("a", "CONTENT 29")
    same(c.request("HEAD", "/a").get("etag") != etag, True, "changed on disk")
    # A dead property is not content.
    etag = c.request("HEAD", "/a").get("etag")
    proppatch(c, "/a", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>")
    same(c.request("HEAD", "/a").get("etag"), etag, "after PROPPATCH")
