#!/usr/bin/env python3
"""Where a request ends is in doubt: whatever the answer, the connection ends with it and what is behind is not served."""
from longops import *

BEHIND = "DELETE /behind HTTP/1.1\r\nHost: x\r\n\r\n"
DOUBTS = {
    "folded length": "Content-Length:\r\n %d\r\n" % len(BEHIND),
    "folded length, 0": "Content-Length: 0\r\n 0\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: %d\r\n" % len(BEHIND),
    "length and chunked": "Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(BEHIND),
    "chunked and length": "Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % len(BEHIND),
    "folded encoding": "Transfer-Encoding:\r\n chunked\r\n",
}
PAGES = (("GET", "/.holdfast/jobs", ""), ("HEAD", "/.holdfast/jobs", ""), ("OPTIONS", "/.holdfast/jobs", ""),
         ("PUT", "/.holdfast/jobs", ""), ("GET", "/.holdfast/jobs/" + "0" * 32, ""),
         ("DELETE", "/.holdfast/jobs/" + "0" * 32, ""), ("GET", "/.holdfast/nothing", ""),
         ("GET", "/.holdfast/slow?for=0", ""), ("PUT", "/.holdfast/slow?for=0", ""),
         ("GET", "/.holdfast/slow?for=x", ""),
         ("COPY", "/.holdfast/slow?for=60", "Prefer: respond-async, wait=0\r\n"),  # a 202
         ("MOVE", "/slow", "Destination: /a\r\nPrefer: respond-async, wait=0\r\n"),
         ("DELETE", "/other", "Idempotency-Key: taken\r\n"),  # a 422
         ("DELETE", "/other", "Idempotency-Key: %s\r\n" % ("k" * 300)),  # a 400
         ("PUT", "/a", ""), ("COPY", "/a", ""), ("FOO", "/a", ""))

with Held("--diagnostics", "--grace", "1") as s:
    for name in ("a", "other", "behind"):
        s.write(name, "old")
    s.write("slow/a", "x")
    s.write("first", "x")
    same(s.request("DELETE", "/first", {"Idempotency-Key": "taken"}).status, 204)
    s.accepted("MOVE", "/slow", {"Destination": "/a"})
    for method, target, headers in PAGES:
        for name, doubt in DOUBTS.items():
            what = "%s %s, %s" % (method, target, name)
            with s.connect(timeout=10) as c:
                c.send("%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n%s" % (method, target, headers, doubt, BEHIND))
                try:
                    text = c.rest().decode("latin-1")
                except TimeoutError:
                    fail("%s: left open after %r" % (what, c.buffer[:300]))
            # libmicrohttpd may send the head of its own 400 twice
            statuses = [status for status in re.findall(r"HTTP/1\.[01] (\d+)", text) if status != "102"]
            same(len(statuses) == 1 or set(statuses) == {"400"}, True, "one answer to %s: %r" % (what, text[:300]))
            same(s.read("behind"), b"old", "what is behind %s was not served" % what)
    same((s.read("a"), s.read("other")), (b"old", b"old"))
    s.open_gate()
    s.alive()
