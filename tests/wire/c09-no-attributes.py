#!/usr/bin/env python3
"""C9: live properties carry no attributes."""
from holdfast import *

with Server() as s:
    s.write("a.txt", "x")
    s.path("dir").mkdir()
    for target in ("/a.txt", "/dir/"):
        names = ["creationdate", "displayname", "getcontentlength", "getcontenttype", "getetag", "getlastmodified",
                 "resourcetype", "lockdiscovery", "supportedlock", "quota-available-bytes", "quota-used-bytes"]
        found = propfind(s, target, *map(dav, names))[target][1]
        same(sorted(found), sorted(map(dav, names)))
        for name, (status, element) in found.items():
            for inner in element.iter():
                same(inner.attrib, {}, "attributes of %s" % name)
        same(found[dav("resourcetype")][0], 200)
        same(found[dav("creationdate")][0], 200)
        text = found[dav("creationdate")][1].text
        same(bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", text)), True, text)
