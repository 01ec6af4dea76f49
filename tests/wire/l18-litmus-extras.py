#!/usr/bin/env python3
"""litmus 0.14 to 0.18: content type of 207, getlastmodified, Location of PUT, PUT without parent."""
from email.utils import parsedate_to_datetime

from holdfast import *

with Server() as s:
    answer = s.request("PUT", "/a.txt", {}, "x")
    location = answer.get("location")
    if location is not None:
        same(location, ("/a.txt", s.url + "/a.txt"), "Location of a PUT")
    same(s.request("PUT", "/none/a", {}, "x").status, 409)
    answer = s.request("PROPFIND", "/a.txt", {"Depth": "0"})
    same(answer.get("content-type", "").split(";")[0], ("application/xml", "text/xml"))
    text = propfind(s, "/a.txt", dav("getlastmodified"))["/a.txt"][1][dav("getlastmodified")][1].text
    same(abs(parsedate_to_datetime(text).timestamp() - s.path("a.txt").stat().st_mtime) < 1.1, True, text)
    same(s.request("GET", "/a.txt").get("last-modified"), text)
    answer = proppatch(s, "/a.txt", "<D:set><D:prop><x xmlns='u:'/></D:prop></D:set>")
    same(answer.get("content-type", "").split(";")[0], ("application/xml", "text/xml"))
    same(lock(s, "/a.txt").get("content-type", "").split(";")[0], ("application/xml", "text/xml"))
