#!/usr/bin/env python3
"""A broken upload leaves nothing, not even a hidden file, and the old content whole."""
from holdfast import *

HEADS = (({"Content-Length": "100000"}, b"x" * 5000), ({"Transfer-Encoding": "chunked"}, b"1388\r\n" + b"x" * 5000),
         ({"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n"), ({"Content-Length": "5"}, b""))
with Server() as s:
    s.write("old", "old content")
    s.path("folder").mkdir()
    for headers, part in HEADS:
        for target in ("/old", "/folder/new"):
            for reset in (False, True):
                c = s.connect()
                c.send(c.head("PUT", target, headers) + part)
                if reset:
                    c.reset()
                else:
                    c.close()
    s.alive()
    eventually(lambda: tree(s.root) == {"old": b"old content", "folder": None}, "only what was there is there")
    # A half-closed connection gets an answer or a close, not a file.
    with s.connect() as c:
        c.send(c.head("PUT", "/folder/half", {"Content-Length": "10"}) + b"12345")
        c.end()
        s.alive()
    eventually(lambda: tree(s.root) == {"old": b"old content", "folder": None}, "nor after a half-close")
    fds = os.listdir("/proc/%d/fd" % s.process.pid)
    within(len(fds), 1, 60, "open descriptors")
