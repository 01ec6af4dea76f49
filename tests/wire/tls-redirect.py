#!/usr/bin/env python3
"""--redirect-listen sends plain HTTP on to the same place under https, and does nothing else; --hsts."""
import socket

from holdfast import *


def free():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


port = free()
with Server("--redirect-listen", "127.0.0.1:%d" % port, "--hsts", "31536000", tls=True) as s:
    s.write("file", "x")

    def ask(method, target, host=None, headers=(), body=None):
        with Connection("127.0.0.1", port, timeout=30 * PATIENCE) as c:
            answer = c.request(method, target, [("Host", host)] + list(headers) if host else headers, body)
            same(c.is_closed(), True, "one request each")
            same((answer.body, answer.get("strict-transport-security")), (b"", None))
            return answer.status, answer.get("location")

    there = "https://%s:" + str(s.port)
    for method in ("GET", "HEAD", "PUT", "PROPFIND", "DELETE", "COPY"):
        same(ask(method, "/a/b%20c?d=%2f&e", "files.example.org"), (308, there % "files.example.org" + "/a/b%20c?d=%2f&e"))
    for host, name in (("h:80", "h"), ("[::1]:80", "[::1]"), ("192.0.2.1", "192.0.2.1"), ("a_b-c.d", "a_b-c.d")):
        same(ask("GET", "/", host), (308, there % name + "/"), host)
    for host in ("a/b", "a@b", "a b", "h:x", "[::1", "[]", "[x]", "h:80:80", "\"", "a\\b", "h:80/..", "x" * 256, "é"):
        same(ask("GET", "/", host), (400, None), host)
    for target in ("*", "http://h/x", "x"):
        with Connection("127.0.0.1", port) as c:
            c.send("GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % target)
            same(c.rest().startswith(b"HTTP/1.1 400 "), True, target)
    with Connection("127.0.0.1", port) as c:
        c.send("GET / HTTP/1.0\r\n\r\n")
        same(b" 400 " in c.rest().split(b"\r\n")[0], True, "without a host")
    # A large upload gets its answer, whole, and no 100 before it.
    same(ask("PUT", "/big", "h", body=b"x" * 3000000), (308, there % "h" + "/big"))
    same(ask("PUT", "/big", "h", [("Expect", "100-continue")], b"x")[0], 308)
    same(s.path("big").exists(), False)

    # Who says nothing is sent away, and more connections than there may be wait for them.
    with s.connect() as c:
        for target, wanted in (("/file", 200), ("/none", 404), ("/.holdfast/jobs", 200)):
            answer = c.request("GET", target)
            same((answer.status, answer.get("strict-transport-security")), (wanted, "max-age=31536000"))
        same(multistatus(c.request("PROPFIND", "/", {"Depth": "1"})) != {}, True)

with Server(tls=True) as s:
    same(s.request("GET", "/").get("strict-transport-security"), None)
with temporary() as t:
    (t / "root").mkdir()
    for option, value in (("--redirect-listen", "127.0.0.1:0"), ("--hsts", "1")):
        status, out, err = run_program("serve", option, value, str(t / "root"))
        same((status, "need --tls-cert" in err), (2, True), err)
