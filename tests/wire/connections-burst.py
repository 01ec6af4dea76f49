#!/usr/bin/env python3
"""As many requests as libmicrohttpd looks at in one go, on each of its threads at the same moment, are all answered."""
from holdfast import *

EACH = 128  # the room for events that it has

with Server() as s:
    s.write("f", "x")
    clients = [s.connect() for _ in range(2 * EACH)]
    for c in clients:
        same(c.request("GET", "/f").status, 200)
    for _ in range(3):
        s.process.send_signal(signal.SIGSTOP)
        for c in clients:
            c.start("GET", "/f")
        s.process.send_signal(signal.SIGCONT)
        for c in clients:
            same(c.response().status, 200)
    s.alive()
