#!/usr/bin/env python3
"""An operation that lasts longer than the grace time is stopped: exit 0 soon, old content whole, no strays."""
from holdfast import *

DELAY = "ficlone=50,copy_file_range=50,sendfile=50,read=50"
with Server("--heartbeat", "0.1", "--grace", "0.5", slow=DELAY, match="slow") as s:
    write_tree(s.path("slow"), 5, 100)
    s.write("there/old", "old")
    clients = [s.connect() for _ in range(3)]
    for i, c in enumerate(clients):
        c.start("COPY", "/slow", {"Destination": "/there" if i == 0 else "/new%d" % i})
        same(c.response_head().status, 102)
    begun = time.monotonic()
    s.process.send_signal(signal.SIGTERM)
    same(s.wait(15), 0, "exit status")
    within(time.monotonic() - begun, 0.3, 8 * PATIENCE, "seconds")
    same(tree(s.path("there")), {"old": b"old"})
    s.slow = None
    s.start()
    eventually(lambda: sorted(os.listdir(s.root)) == ["slow", "there"], "what it left is purged")
