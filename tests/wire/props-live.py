#!/usr/bin/env python3
"""Live properties have the right values; allprop, include, propname, prop; unknown ones are 404."""
from email.utils import parsedate_to_datetime

from holdfast import *

with Server() as s:
    s.write("dir/a b.txt", "12345")
    os.utime(s.path("dir/a b.txt"), (1234567890, 1234567890))
    target = "/dir/a%20b.txt"
    names = ["creationdate", "displayname", "getcontentlength", "getcontenttype", "getetag", "getlastmodified",
             "resourcetype", "supportedlock", "lockdiscovery", "quota-available-bytes", "getcontentlanguage"]
    found = propfind(s, target, *map(dav, names), "{http://apache.org/dav/props/}executable")[target][1]
    text = lambda name: found[dav(name)][1].text
    same(text("getcontentlength"), "5")
    same(text("getcontenttype").split(";")[0], "text/plain")
    same(text("getlastmodified"), "Fri, 13 Feb 2009 23:31:30 GMT")
    same(text("getetag"), s.request("HEAD", target).get("etag"))
    same(list(found[dav("resourcetype")][1]), [])
    same(found[dav("getcontentlanguage")][0], 404)
    same(found["{http://apache.org/dav/props/}executable"][1].text, "F")
    scopes = [e.find(dav("lockscope"))[0].tag for e in found[dav("supportedlock")][1]]
    same(sorted(scopes), [dav("exclusive"), dav("shared")])
    folder = propfind(s, "/dir/", *map(dav, names))["/dir/"][1]
    same([e.tag for e in folder[dav("resourcetype")][1]], [dav("collection")])
    within(int(folder[dav("quota-available-bytes")][1].text), 1, 1 << 60, "quota")
    everything = propfind(s, target)[target][1]
    same({dav(n) for n in names[:8]} - set(everything) - {dav("displayname")}, set(), "missing in allprop")
    same(dav("quota-available-bytes") in everything, False, "quota in allprop")
    body = "<D:propfind xmlns:D='DAV:'><D:allprop/><D:include><D:quota-available-bytes/></D:include></D:propfind>"
    answer = s.request("PROPFIND", "/dir/", {"Depth": "0"}, body)
    same(dav("quota-available-bytes") in multistatus(answer)["/dir/"][1], True, "include")
    body = "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>"
    answer = multistatus(s.request("PROPFIND", target, {"Depth": "0"}, body))[target][1]
    same({e.text for _, e in answer.values()} <= {None}, True, "propname has no values")
    same(proppatch(s, target, "<D:set><D:prop><A:executable xmlns:A='http://apache.org/dav/props/'>T</A:executable>"
                              "</D:prop></D:set>").status, 207)
    same(bool(s.path("dir/a b.txt").stat().st_mode & 0o100), True, "executable")
    same(s.request("PROPFIND", "/none", {"Depth": "0"}).status, 404)
    answer = s.request("PROPFIND", "/dir", {"Depth": "1"})
    same(answer.get("content-type", "").lower().replace('"', ""), "application/xml; charset=utf-8", "type of a 207")
