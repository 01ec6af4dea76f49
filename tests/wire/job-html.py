#!/usr/bin/env python3
"""A job's page for Accept: text/html: readable, with a progress bar while it runs; names are escaped."""
from longops import *

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NASTY = "slow%3Cscript%3Ealert(1)%3C%2Fscript%3E&%22'"

with Held("--heartbeat", "30") as s:
    target = "/" + NASTY.replace("%2F", "")
    same(s.request("MKCOL", target).status, 201)
    job = s.accepted("MOVE", target, {"Destination": "/moved"})
    for uri in (job, "/.holdfast/jobs"):
        answer = s.request("GET", uri, HTML)
        same(answer.status, 200)
        same(answer.get("content-type"), "text/html; charset=utf-8")
        same("no-store" in answer.get("cache-control", ""), True, "Cache-Control")
        same("default-src 'none'" in answer.get("content-security-policy", ""), True, "Content-Security-Policy")
        same(b"<script>alert" in answer.body, False, "the name as it is in the page")
        same(b"alert(1)" in answer.body, True, "the name at all")
        same(b"<progress" in answer.body or b'role="progressbar"' in answer.body, True, "a progress bar")
    for accept in ("application/json", "*/*", "", "application/json, text/html;q=0.5"):
        same(s.request("GET", job, {"Accept": accept}).get("content-type"), "application/json", repr(accept))
    s.open_gate()
    s.ended(job)
    page = s.request("GET", job, HTML)
    same(page.status, 200)
    same(b"201" in page.body, True, "the result's status")
