#!/usr/bin/env python3
"""--heartbeat-mode interim: every HTTP/1.1 client gets 102s, one without a User-Agent too."""
from holdfast import *

with Server("--heartbeat", "0.1", "--heartbeat-mode", "interim", slow="renameat2=600", match="slow") as s:
    for i, agent in enumerate((None, "curl/7.88.1", "davfs2/1.6.1 neon/0.32.5")):
        s.write("slow%d/a" % i, "x")
        headers = {"Destination": "/moved%d" % i}
        if agent:
            headers["User-Agent"] = agent
        answer = s.request("MOVE", "/slow%d" % i, headers)
        same(answer.status, 201)
        within(len(answer.interims), 2, 60, "102s for %s" % agent)
