#!/usr/bin/env python3
"""litmus 0.16: a property removed twice, in one request and in two, is fine both times."""
from holdfast import *

REMOVE = "<D:remove><D:prop><p xmlns='u:'/></D:prop></D:remove>"
with Server() as s:
    s.write("a", "x")
    same(proppatch(s, "/a", "<D:set><D:prop><p xmlns='u:'>1</p></D:prop></D:set>").status, 207)
    for inner in (REMOVE * 2, REMOVE):
        same({st for st, _ in multistatus(proppatch(s, "/a", inner))["/a"][1].values()}, {200})
    same(propfind(s, "/a", "{u:}p")["/a"][1]["{u:}p"][0], 404)
