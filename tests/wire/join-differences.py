#!/usr/bin/env python3
"""What differs in anything that matters does not join: Depth, Overwrite, If, conditions, destination, body, user."""
from longops import *

USERS = {"ann": "a-secret", "bob": "b-secret"}

with Held("--heartbeat", "30", "--workers", "16", users=USERS) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    s.write("slow/x", "x")
    s.write("slow2/x", "x")
    etag = propfind(s, "/slow/x", "{DAV:}getetag", headers=ann)["/slow/x"][1][dav("getetag")][1].text
    base = {"Destination": "/slow-copy", **ann}
    seen = {}
    for what, method, target, headers in [
            ("the first", "COPY", "/slow", {}),
            ("Depth: 0", "COPY", "/slow", {"Depth": "0"}),
            ("Overwrite: F", "COPY", "/slow", {"Overwrite": "F"}),
            ("both", "COPY", "/slow", {"Overwrite": "F", "Depth": "0"}),
            ("If", "COPY", "/slow", {"If": "(Not <DAV:no-lock>)"}),
            ("another If", "COPY", "/slow", {"If": "(Not <urn:x:y>)"}),
            ("destination", "COPY", "/slow", {"Destination": "/slow-copy2"}),
            ("case of the destination", "COPY", "/slow", {"Destination": "/slow-Copy"}),
            ("source", "COPY", "/slow2", {}),
            ("a member", "COPY", "/slow/x", {}),
            ("its condition", "COPY", "/slow/x", {"If-Match": etag}),
            ("another condition", "COPY", "/slow/x", {"If-None-Match": '"other"'}),
            ("method", "MOVE", "/slow", {}),
            ("user", "COPY", "/slow", bob)]:
        job = s.accepted(method, target, {**base, **headers})
        same(job in seen, False, "%s joined %s" % (what, seen.get(job)))
        seen[job] = what
    for what, headers, body in [("PUT", ann, "content"), ("another body", ann, "Content"), ("longer", ann, "content\n"),
                                ("empty", ann, ""), ("other user", bob, "content"),
                                ("If-None-Match", {**ann, "If-None-Match": "*"}, "content")]:
        job = s.accepted("PUT", "/slow.txt", headers, body)
        same(job in seen, False, "PUT: %s joined %s" % (what, seen.get(job)))
        seen[job] = what
    same(len(s.jobs(ann)) + len(s.jobs(bob)), len(seen), "jobs")
    s.open_gate()
    for user in (ann, bob):
        for job in s.jobs(user):
            s.ended("/.holdfast/jobs/" + job["id"], user)
    same(s.read("slow.txt") in (b"content", b"Content", b"content\n", b""), True, "one of them, whole")
