#!/usr/bin/env python3
"""Paths that would leave the folder, or that no file system has: a clear 4xx for every method."""
from holdfast import *

TARGETS = ("/../secret", "/..", "/a/../../secret", "/%2e%2e/secret", "/%2E%2e/%2e%2E/secret", "/.%2e/secret",
           "/a/%2e%2e/%2e%2e/secret", "/a%2Fb", "/..%2Fsecret", "/a%00b", "/%00", "/a%zz", "/a%", "/a%2", "/%", "/./a",
           "/%2e/a", "/..%5csecret", "/%c0%ae%c0%ae/secret")
failures = []
with Server() as s:
    (s.temp / "secret").write_text("the secret")
    s.write("a/inner", "x")
    before = tree(s.root)
    for target in TARGETS:
        for method in ("GET", "PUT", "MKCOL", "DELETE", "PROPFIND", "PROPPATCH", "LOCK", "COPY", "MOVE"):
            body = {"PUT": "evil", "LOCK": lock_body()}.get(method)
            answer = s.request(method, target, {"Destination": "/b", "Depth": "0"}, body)
            odd = target in ("/..%5csecret", "/%c0%ae%c0%ae/secret")  # names like any other, on Linux
            if not 400 <= answer.status <= 499 and not (odd and answer.status in (201, 204, 207)):
                failures.append("%s %s: %d" % (method, target, answer.status))
            if b"the secret" in answer.body:
                failures.append("%s %s tells the secret" % (method, target))
        if not odd:
            answer = s.request("COPY", "/a", {"Destination": target})
            if not 400 <= answer.status <= 499:
                failures.append("COPY to %s: %d" % (target, answer.status))
    same((s.temp / "secret").read_text(), "the secret")
    same({k: v for k, v in tree(s.root).items() if not k.startswith(("..\\", "\udcc0", "b"))}, before, "the folder")
if failures:
    fail("\n" + "\n".join(failures))
