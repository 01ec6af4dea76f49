#!/usr/bin/env python3
"""Equivalent spellings of a request join it: escapes, slashes, default headers, absolute and relative URLs."""
from longops import *

with Held("--heartbeat", "30") as s:
    s.write("slow-A b/x", "x")
    base = "http://%s:%d" % (s.host, s.port)
    job = s.accepted("COPY", "/slow-A%20b", {"Destination": "/slow-copy"})
    for target, headers in [
            ("/slow-%41%20b", {"Destination": "/slow-copy"}),
            ("/slow-A%20b/", {"Destination": "/slow-copy"}),
            ("/%73low-A%20b/", {"Destination": "/slow-copy/"}),
            ("//slow-A%20b", {"Destination": "/slow-copy"}),
            ("/slow-A%20b", {"Destination": "/slow%2Dcopy"}),
            ("/slow-A%20b", {"Destination": base + "/slow-copy"}),
            ("/slow-A%20b", {"Destination": base + "/slow-%63opy/"}),
            (base + "/slow-A%20b", {"Destination": "/slow-copy"}),
            ("/slow-A%20b", {"Destination": "/slow-copy", "Overwrite": "T"}),
            ("/slow-A%20b", {"Destination": "/slow-copy", "Depth": "infinity"}),
            ("/slow-A%20b", {"Destination": "/slow-copy", "Depth": "Infinity", "Overwrite": "t"}),
            ("/slow-A%20b", {"destination": "/slow-copy", "Content-Length": "0"}),
            ("/slow-A%20b", {"Destination": "/slow-copy", "User-Agent": "another/1", "X-Anything": "else"})]:
        same(s.accepted("COPY", target, headers), job, "%s %r" % (target, headers))
    same(len(s.jobs()), 1, "jobs")
    s.open_gate()
    same(s.ended(job)["result"]["status"], 201)

    s.shut_gate()  # composed and decomposed, where there is only one of them
    s.write("slow-\u00e4/x", "x")
    job = s.accepted("COPY", "/slow-%C3%A4", {"Destination": "/slow-%C3%B6"})
    same(s.accepted("COPY", "/slow-a%CC%88", {"Destination": "/slow-o%CC%88/"}), job, "decomposed")
    s.open_gate()
    same(s.ended(job)["result"]["status"], 201)

    s.shut_gate()  # the same for the other methods
    for i, (method, headers, other) in enumerate([
            ("DELETE", {}, {"Depth": "infinity"}),
            ("MOVE", {"Destination": "/moved"}, {"Destination": "/moved/", "Overwrite": "T", "Depth": "infinity"})]):
        s.write("slow%d/a" % i, "x")
        job = s.accepted(method, "/slow%d" % i, headers)
        same(s.accepted(method, "/%%73low%d/" % i, other), job, method)
    same(s.request("PUT", "/slow.txt", at_once({"Content-Type": "text/plain"}), "x").status, 202)
    first = s.accepted("PUT", "/slow2.txt", {"If-None-Match": "*"}, "content")
    same(s.accepted("PUT", "/%73low2.txt", {"if-none-match": " * "}, "content"), first, "PUT")
    same(s.request("PUT", "/slow2.txt", at_once({"If-None-Match": "*"}), "content", chunked=True).get("location"), first,
         "PUT in chunks")
    s.open_gate()
    same(s.ended(first)["result"]["status"], 201)
