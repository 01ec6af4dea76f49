#!/usr/bin/env python3
"""Who may read /.holdfast/metrics: this machine, or who --metrics-from says, and nobody through a proxy that is not trusted."""
from holdfast import *
from metricslib import *

PAGE = "/.holdfast/metrics"
MARKS = ({"X-Forwarded-For": "127.0.0.1"}, {"Via": "1.1 proxy"}, {"Forwarded": "for=127.0.0.1"}, {"X-Forwarded-Proto": "https"})

with Server() as s:
    scrape(s)
    nothing = s.request("GET", "/.holdfast/nothing")
    for marks in MARKS:
        answer = s.request("GET", PAGE, marks)
        same((answer.status, answer.body), (nothing.status, nothing.body), "not there: %r" % marks)
    for method in ("PUT", "DELETE", "POST", "PROPFIND"):
        answer = s.request(method, PAGE)
        same((answer.status, answer.get("allow")), (405, "GET, HEAD, OPTIONS"), method)
    head = s.request("HEAD", PAGE)
    same((head.status, head.body), (200, b""))
    same(s.request("GET", "/%2eholdfast//metrics?x").status, 200, "in every spelling")
    same(".holdfast" in s.request("PROPFIND", "/", {"Depth": "1"}).body.decode(), False, "not listed")

with Server(users={"ann": "pw"}) as s:
    scrape(s)  # no password
    same(s.request("GET", PAGE, MARKS[0]).status, 401, "as any page that is not there")

with Server("--metrics-from", "192.0.2.0/24", "--metrics-from", "::1") as s:
    same(s.request("GET", PAGE).status, 404, "only who was named")

with Server("--metrics-from", "127.0.0.0/8") as s:
    scrape(s)

# A trusted proxy says who asks.
with Server("--metrics-from", "192.0.2.0/24", "--trusted-proxy", "127.0.0.1") as s:
    same(s.request("GET", PAGE, {"X-Forwarded-For": "192.0.2.7"}).status, 200)
    same(s.request("GET", PAGE, {"X-Forwarded-For": "192.0.2.7, 198.51.100.1"}).status, 404, "the rightmost counts")
    same(s.request("GET", PAGE).status, 404, "the proxy itself")
with Server("--trusted-proxy", "127.0.0.1") as s:
    scrape(s)
    same(s.request("GET", PAGE, {"Via": "1.1 proxy"}).status, 404, "a proxy that does not say for whom")
    same(s.request("GET", PAGE, {"X-Forwarded-For": "127.0.0.1"}).status, 404, "nor for anybody else")

same(run_program("serve", "--metrics-from", "everybody", "/tmp")[0], 2)
