#!/usr/bin/env python3
"""Each method, asked for twice at the same time on two connections, is done once: both get its answer."""
from longops import *

REQUESTS = [("COPY", "/source", {"Destination": "/slow-copy", "Overwrite": "F"}, None, 201),
            ("MOVE", "/slow", {"Destination": "/moved"}, None, 201),
            ("DELETE", "/slow-deleted", {}, None, 204),
            ("PUT", "/slow.txt", {"If-None-Match": "*"}, "content", 201)]

for heartbeat in ("0.1", "30"):
    with Held("--heartbeat", heartbeat) as s:
        for method, target, headers, body, status in REQUESTS:
            s.shut_gate()
            for name in ("source", "slow", "slow-deleted"):
                s.write(name + "/a", "x")
            with s.connect() as one, s.connect() as two:
                one.start(method, target, headers, body)
                s.is_held()
                two.start(method, target, headers, body)
                s.has_read(two)
                same(len([job for job in s.jobs() if "result" not in job]), 1, "jobs that run")
                s.open_gate()
                answers = [one.response(method), two.response(method)]
            # run twice, the second would find no source, or what the first has made
            same([answer.status for answer in answers], [status, status], method)
            for name in ("location", "etag"):
                same(answers[0].get(name), answers[1].get(name), "%s of %s" % (name, method))
            same(s.hows(method, 2), ["joined", "ran"], "how %s was answered" % method)
