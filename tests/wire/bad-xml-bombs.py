#!/usr/bin/env python3
"""Entity bombs, external entities and DTDs are refused: no growth, no file read, no connection made."""
import socket

from holdfast import *

with Server() as s:
    s.write("a", "x")
    s.alive()
    before = s.memory_kib()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0)
    port = listener.getsockname()[1]
    levels = "".join('<!ENTITY e%d "%s">' % (i, "&e%d;" % (i - 1) * 10) for i in range(1, 12))
    DTDS = {
        "laughs": '<!DOCTYPE D:propfind [<!ENTITY e0 "ha">%s]>' % levels,
        "quadratic": '<!DOCTYPE D:propfind [<!ENTITY e11 "%s">]>' % ("x" * 50000),
        "file": '<!DOCTYPE D:propfind [<!ENTITY e11 SYSTEM "file:///etc/passwd">]>',
        "http": '<!DOCTYPE D:propfind [<!ENTITY e11 SYSTEM "http://127.0.0.1:%d/x">]>' % port,
        "parameter": '<!DOCTYPE D:propfind [<!ENTITY %% p SYSTEM "http://127.0.0.1:%d/x"> %%p;]>' % port,
        "external DTD": '<!DOCTYPE D:propfind SYSTEM "http://127.0.0.1:%d/x">' % port,
        "plain DTD": "<!DOCTYPE D:propfind>",
    }
    for name, dtd in DTDS.items():
        uses = "&e11;" * (2000 if name == "quadratic" else 1)
        for method, root in (("PROPFIND", "propfind"), ("PROPPATCH", "propertyupdate"), ("LOCK", "lockinfo")):
            inner = {"PROPFIND": "<D:prop><a xmlns='u:'>%s</a></D:prop>",
                     "PROPPATCH": "<D:set><D:prop><a xmlns='u:'>%s</a></D:prop></D:set>",
                     "LOCK": "<D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
                             "<D:owner>%s</D:owner>"}[method] % uses
            if name in ("external DTD", "plain DTD", "parameter"):
                inner = inner.replace("&e11;", "")
            body = '<?xml version="1.0"?>%s<D:%s xmlns:D="DAV:">%s</D:%s>' % (dtd, root, inner, root)
            answer = s.request(method, "/a", {"Depth": "0"}, body)
            same(answer.status, (400, 403, 413, 422), "%s, %s" % (name, method))
            same(b"root:" in answer.body, False, "a file of the system in the answer")
    try:
        listener.accept()
        fail("the server connected to what an entity named")
    except BlockingIOError:
        pass
    if not sanitized():
        within(s.memory_kib() - before, -100000, 4096, "KiB grown")
    s.alive()
