#!/usr/bin/env python3
"""SIGTERM while operations are suspended: they finish, their clients get the answer, exit 0, no abort."""
from holdfast import *

with Server("--heartbeat", "0.1", "--grace", "30", slow="renameat2=1500", match="slow") as s:
    clients = []
    for i in range(4):
        s.write("slow%d/a" % i, "x")
        clients.append(s.connect())
        clients[i].start("MOVE", "/slow%d" % i, {"Destination": "/moved%d" % i})
        same(clients[i].response_head().status, 102)
    idle = s.connect()
    s.process.send_signal(signal.SIGTERM)
    for c in clients:
        same(c.response("MOVE").status, 201, "the answer after SIGTERM")
    same(s.wait(30), 0, "exit status")
    same(sorted(os.listdir(s.root)), ["moved%d" % i for i in range(4)])
