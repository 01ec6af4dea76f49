#!/usr/bin/env python3
"""Dead properties keep namespace, xml:lang, mixed content and white space; through COPY, MOVE, PUT, restart."""
import xml.etree.ElementTree as ET

from holdfast import *

MARKUP = ('<x:p xmlns:x="urn:x" xmlns:y="urn:y" xml:lang="de" y:attr="1 &lt; 2">  mixed <y:b>bold</y:b>\n\tö 😀 &amp; '
          '<c xmlns="urn:d" a="b"/><!-- c --> end  </x:p>')
NAMES = ("{urn:x}p", "{}none", "{urn:e}empty", "{DAV:}mine")
with Server() as s:
    s.write("a", "x")
    s.path("dir").mkdir()

    def canonical(text):
        return ET.canonicalize(text, rewrite_prefixes=True)

    def check(target):
        found = propfind(s, target, "{urn:x}p", "{urn:e}empty")[target][1]
        same(found["{urn:x}p"][0], 200, target)
        element = found["{urn:x}p"][1]
        element.tail = None
        same(canonical(ET.tostring(element, encoding="unicode")), canonical(MARKUP), target)
        same((found["{urn:e}empty"][0], found["{urn:e}empty"][1].text), (200, None))

    for target in ("/a", "/dir/"):
        answer = proppatch(s, target, "<D:set><D:prop>%s<empty xmlns='urn:e'/></D:prop></D:set>" % MARKUP)
        same({status for status, _ in multistatus(answer)[target][1].values()}, {200}, target)
        check(target)
    # lang is inherited from above
    proppatch(s, "/a", "<D:set xml:lang='fr'><D:prop><l xmlns='urn:l'>mot</l></D:prop></D:set>")
    lang = propfind(s, "/a", "{urn:l}l")["/a"][1]["{urn:l}l"][1]
    same(lang.get("{http://www.w3.org/XML/1998/namespace}lang"), "fr")
    # allprop has the dead ones, propname their names
    same("{urn:x}p" in propfind(s, "/a")["/a"][1], True, "allprop")
    body = "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>"
    same("{urn:x}p" in multistatus(s.request("PROPFIND", "/a", {"Depth": "0"}, body))["/a"][1], True, "propname")
    same(s.request("COPY", "/a", {"Destination": "/b"}).status, 201)
    check("/b")
    same(s.request("MOVE", "/b", {"Destination": "/dir/c"}).status, 201)
    check("/dir/c")
    same(s.request("PUT", "/dir/c", {}, "new content").status, 204)
    check("/dir/c")
    same(s.request("MOVE", "/dir", {"Destination": "/e"}).status, 201)
    check("/e/")
    check("/e/c")
    same(s.request("COPY", "/e/", {"Destination": "/f/"}).status, 201)
    check("/f/c")
    s.stop()
    s.start()
    check("/f/c")
    # removed, and a copy over it leaves nothing of what was there
    same(proppatch(s, "/a", "<D:remove><D:prop><p xmlns='urn:x'/></D:prop></D:remove>").status, 207)
    same(propfind(s, "/a", "{urn:x}p")["/a"][1]["{urn:x}p"][0], 404)
    s.write("plain", "x")
    same(s.request("COPY", "/plain", {"Destination": "/f/c"}).status, 204)
    same(propfind(s, "/f/c", "{urn:x}p")["/f/c"][1]["{urn:x}p"][0], 404)
