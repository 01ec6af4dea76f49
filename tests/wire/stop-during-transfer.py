#!/usr/bin/env python3
"""SIGTERM with a half-sent upload, a half-read download and idle connections: exit 0, nothing half done."""
from holdfast import *

with Server("--grace", "1") as s:
    s.write("big", b"x" * 50000000)
    upload, download, idle, half = (s.connect() for _ in range(4))
    upload.send(upload.head("PUT", "/up", {"Content-Length": "1000"}) + b"x" * 100)
    download.start("GET", "/big")
    download.response_head()
    half.send("GET /big HT")
    s.alive()
    s.process.send_signal(signal.SIGTERM)
    same(s.wait(15), 0, "exit status")
    same(os.listdir(s.root), ["big"])
