#!/usr/bin/env python3
"""A body that a page of jobs has no use for is refused before it comes: no 100, and the answer without reading it."""
from holdfast import *

HUGE = str(10 << 30)
PAGES = (("PUT", "/.holdfast/jobs", 405), ("POST", "/.holdfast/jobs", 405), ("PROPFIND", "/.holdfast/jobs", 405),
         ("PUT", "/.holdfast/jobs/" + "0" * 32, 404), ("PUT", "/.holdfast/jobs/abc", 404),
         ("PUT", "/.holdfast/other", 403), ("PUT", "/.holdfast/slow?for=x", 400), ("PUT", "//.holdfast/jobs", 405))

with Server("--diagnostics", "--grace", "1") as s:
    for method, target, status in PAGES:
        for headers in ({"Expect": "100-continue", "Content-Length": "5"}, {"Content-Length": HUGE},
                        {"Expect": "100-continue", "Content-Length": HUGE},
                        {"Expect": "100-continue", "Transfer-Encoding": "chunked"}):
            with s.connect(timeout=10) as c:
                c.send(c.head(method, target, headers))
                answer = c.response(method)
                same((answer.status, answer.interims), (status, []), "%s %s %s" % (method, target, headers))
                same(answer.get("connection"), "close", "Connection of %s %s %s" % (method, target, headers))
                same(c.is_closed(), True, "closed after %s %s" % (method, target))
    # a short one is thrown away, and the connection lives on
    with s.connect() as c:
        same(c.request("PUT", "/.holdfast/jobs", {}, "x" * 1000).status, 405)
        same(c.request("GET", "/.holdfast/jobs").status, 200, "the next on this connection")
    # and the diagnostic operation wants its body
    with s.connect() as c:
        c.send(c.head("PUT", "/.holdfast/slow?for=0", {"Expect": "100-continue", "Content-Length": "5"}))
        same(c.response_head().status, 100)
        c.send("hello")
        same(c.response("PUT").status, 200)
