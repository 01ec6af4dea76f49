#!/usr/bin/env python3
"""OPTIONS: the true Allow per resource, DAV: 1, 2, 3, MS-Author-Via; Allow is what really works."""
from holdfast import *

with Server() as s:
    s.write("file", "x")
    s.path("folder").mkdir()

    def allow(target):
        answer = s.request("OPTIONS", target)
        within(answer.status, 200, 204, target)
        same([x.strip() for x in ",".join(answer.all("dav")).split(",")][:3], ["1", "2", "3"], "DAV")
        same(answer.get("ms-author-via"), "DAV", "MS-Author-Via")
        return {x.strip() for x in ",".join(answer.all("allow")).split(",")}

    everywhere = {"OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK"}
    file, folder, root, new = allow("/file"), allow("/folder/"), allow("/"), allow("/new")
    same(everywhere | {"GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE"} <= file, True, "of a file: %s" % file)
    same("MKCOL" in file, False, "MKCOL on a file")
    same(everywhere | {"GET", "HEAD", "DELETE", "COPY", "MOVE"} <= folder, True, "of a folder: %s" % folder)
    same({"PUT", "MKCOL"} & folder, set(), "on a folder")
    same({"DELETE", "MOVE", "PUT", "MKCOL"} & root, set(), "on the root")
    same({"OPTIONS", "PUT", "MKCOL", "LOCK"} <= new, True, "of nothing: %s" % new)
    for method in ("PUT", "MKCOL"):
        answer = s.request(method, "/folder", {}, "x" if method == "PUT" else None)
        same(answer.status, 405)
        same({x.strip() for x in answer.get("allow", "").split(",")}, folder, "Allow of the 405")
    same(s.request("BREW", "/file").status, (405, 501))
    same(s.request("TRACE", "/file").status, (405, 501))
    same(s.request("POST", "/file", {}, "x").status, (405, 415, 501))
