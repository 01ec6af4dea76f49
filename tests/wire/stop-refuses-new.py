#!/usr/bin/env python3
"""After SIGTERM no new connection is taken, while a running operation ends."""
from holdfast import *

with Server("--heartbeat", "0.1", "--grace", "30", slow="renameat2=1500", match="slow") as s:
    s.write("slow/a", "x")
    c = s.connect()
    c.start("MOVE", "/slow", {"Destination": "/moved"})
    same(c.response_head().status, 102)
    s.process.send_signal(signal.SIGTERM)

    def refused():
        try:
            with s.connect(timeout=0.2) as d:
                d.start("OPTIONS", "/")
                return d.is_closed()
        except (OSError, Closed):
            return True

    eventually(refused, "a new connection is refused")
    same(c.response("MOVE").status, 201)
    same(s.wait(15), 0, "exit status")
