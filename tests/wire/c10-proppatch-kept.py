#!/usr/bin/env python3
"""C10: a property that PROPPATCH answered 200 is there in the next PROPFIND; the Win32 ones too."""
from holdfast import *

MS = "urn:schemas-microsoft-com:"
SENT = {"Win32CreationTime": "Fri, 13 Feb 2009 23:31:30 GMT", "Win32LastAccessTime": "Sat, 14 Feb 2009 23:31:30 GMT",
        "Win32LastModifiedTime": "Sun, 15 Feb 2009 23:31:30 GMT", "Win32FileAttributes": "00000020"}
with Server() as s:
    s.write("a", "x")
    inner = "".join("<Z:%s>%s</Z:%s>" % (n, v, n) for n, v in SENT.items())
    answer = proppatch(s, "/a", "<D:set><D:prop xmlns:Z='%s'>%s<q xmlns='u:'>dead</q></D:prop></D:set>" % (MS, inner))
    accepted = [name for name, (status, _) in multistatus(answer)["/a"][1].items() if status == 200]
    same(len(accepted), 5, "accepted: %s" % accepted)
    found = propfind(s, "/a", *accepted)["/a"][1]
    for name in accepted:
        same(found[name][0], 200, name)
        same(found[name][1].text, SENT.get(name.split("}")[1], "dead"), name)
    same(int(s.path("a").stat().st_mtime), 1234740690, "the modification time of the file")
    answer = proppatch(s, "/a", "<D:set><D:prop><D:getlastmodified>Fri, 13 Feb 2009 23:31:30 GMT</D:getlastmodified>"
                                "</D:prop></D:set>")
    same(multistatus(answer)["/a"][1][dav("getlastmodified")][0], 200)
    same(int(s.path("a").stat().st_mtime), 1234567890)
    same(s.request("HEAD", "/a").get("last-modified"), "Fri, 13 Feb 2009 23:31:30 GMT")
