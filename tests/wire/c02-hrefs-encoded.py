#!/usr/bin/env python3
"""C2: hrefs percent-encode every byte but letters, digits and - . _ ~ /"""
from urllib.parse import quote

from holdfast import *

NAMES = ["am & per", "a(1)", "100%", "a#b", "what?", "ü", "😀", "plus+", "a,b;c", "it's", "a:b", "a=b@c!d*e$f", "[x]{y}|^`",
         "back\\slash", "<tag>", 'quo"te', "tab\there", "line\nbreak", "~tilde-._"]
with Server() as s:
    for name in NAMES:
        s.write("dir/" + name, name)
    s.path("dir/sub (1)").mkdir()
    wanted = sorted(["/dir/"] + ["/dir/" + quote(n, safe="-._~") for n in NAMES] + ["/dir/sub%20%281%29/"])
    same(sorted(propfind(s, "/dir/", depth=1)), wanted)
    for name in NAMES:
        same(s.request("GET", "/dir/" + quote(name, safe="")).body, name.encode(), name)
