#!/usr/bin/env python3
"""An HTTP/1.0 client gets no interim answer, whatever its connection header says."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="renameat2=600", match="slow") as s:
    for i, headers in enumerate(({}, {"Connection": "keep-alive"})):
        s.write("slow%d/a" % i, "x")
        with s.connect() as c:
            answer = c.request("MOVE", "/slow%d" % i, {"Destination": "/moved%d" % i, **headers}, proto="HTTP/1.0")
            same(answer.status, 201)
            same(answer.interims, [])
            if not headers:
                same(c.is_closed(), True, "closed after an HTTP/1.0 answer")
