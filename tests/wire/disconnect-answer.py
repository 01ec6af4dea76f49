#!/usr/bin/env python3
"""A client that goes in the middle of a long final answer did not get it: its retry does, and it is not done again."""
from longops import *

COUNT, DEPTH, NAME = 900, 10, "\N{POUND SIGN}" * 120  # hrefs so long that no buffer of the system takes them all

with Held("--heartbeat", "30") as s:
    s.write("dir/a", "x")
    inner = s.path("/".join(["dir"] + [NAME] * DEPTH))
    inner.mkdir(parents=True)
    for i in range(COUNT):
        os.mkfifo(inner / ("fifo%d" % i))
    request = ("COPY", "/dir", {"Destination": "/slow-copy", "Overwrite": "F"})
    with s.connect(buffer=2048) as c:
        c.start(*request)
        s.is_held()
        s.open_gate()
        same(c.response_head().status, 207)
        c.reset()
    eventually(lambda: re.search(r'"COPY [^\n]* broken ', s.log()), "the server has noticed")
    retry = s.request(*request)
    same(len(multistatus(retry)), COUNT, "members that could not be copied, in the retry's answer")
    same(s.request(*request).status, 412, "once more: the destination is there now")
