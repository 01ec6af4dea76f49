#!/usr/bin/env python3
"""A slow COPY with one member that cannot be copied: the early 207 names it with its own status."""
from longops import *

with Held("--heartbeat", "0.1", "--heartbeat-mode", "multistatus") as s:
    write_tree(s.path("dir"), 2, 2)
    os.mkfifo(s.path("dir/d000/fifo"))
    with s.connect() as c:
        c.start("COPY", "/dir", {"Destination": "/slow-copy"})
        answer = c.response_head()
        same(answer.status, 207, "the early answer")
        s.open_gate()
        answer.body = c.body(answer, "COPY")
    found = {href: status for href, (status, _) in multistatus(answer).items()}
    named = [href for href in found if href.endswith("fifo")]
    same(len(named), 1, str(found))
    within(found[named[0]], 400, 599, "its status")
    same(len([name for name in tree(s.path("slow-copy")) if re.search(r"/f\d", name)]), 4, "the others")
