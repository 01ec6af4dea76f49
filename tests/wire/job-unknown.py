#!/usr/bin/env python3
"""Unknown and odd job names are 404, for every way to ask; the pages are only read."""
from longops import *

ODD = ["0" * 32, "x", "..", "%2e%2e", "0" * 4000, "%00", "%ff", "a%2Fb", "'", "%22", "0?form=owncloud"]

with Held("--heartbeat", "30") as s:
    for name in ODD:
        for method in ("GET", "HEAD", "DELETE"):
            answer = s.request(method, "/.holdfast/jobs/" + name)
            same(400 <= answer.status <= 414, True, "%d for %s %r" % (answer.status, method, name[:40]))
    same(s.request("GET", "/.holdfast/jobs/" + "0" * 32).status, 404)
    s.write("slow/a", "x")
    job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})
    s.is_held()
    for method in ("PUT", "MOVE", "COPY", "PROPFIND", "PROPPATCH", "LOCK", "MKCOL", "POST"):
        for uri in (job, "/.holdfast/jobs"):
            answer = s.request(method, uri, {"Destination": "/elsewhere"}, "x" if method in ("PUT", "POST") else None)
            same(answer.status in (403, 404, 405, 501), True, "%d for %s" % (answer.status, method))
    same(s.request("DELETE", "/.holdfast/jobs").status in (403, 404, 405), True, "DELETE of the list")
    same(s.job(job)["state"], "running", "afterwards")
    for target in ("/.holdfast/jobs", job):
        same(s.request("COPY", "/slow", {"Destination": target}).status, 403, "COPY to %s" % target)
    s.open_gate()
    s.ended(job)
    same(s.request("OPTIONS", job).status, 200)
