#!/usr/bin/env python3
"""--head-timeout, --body-rate and --idle-timeout: who sends a byte now and then is told 408 and closed, also within the
TLS handshake; who is quick enough, or waits for us, is not."""
import socket

from holdfast import *


def drip(c, data, every=0.02):
    """Byte by byte until it is closed; what the server said until then."""
    said = b""
    c.sock.settimeout(every)
    for i in range(len(data)):
        try:
            c.sock.sendall(data[i:i + 1])
        except OSError:
            break
        try:
            piece = c.sock.recv(65536)
            said += piece
            if not piece:
                return said
        except (socket.timeout, ConnectionResetError):
            pass
    c.sock.settimeout(30 * PATIENCE)
    try:
        return said + c.rest()
    except OSError:
        return said


def lines(s, limit):
    return [line for line in s.log().splitlines() if line.endswith("127.0.0.1 is over " + limit)]


LATE = b"HTTP/1.1 408 "
ENDLESS = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100000
SOON = 0.6 * max(1, PATIENCE / 3)


def slow_head(s):
    same(drip(s.connect(), ENDLESS)[:13], LATE, "in the headers")


def slow_line(s):
    same(drip(s.connect(), b"G" * 100000)[:13], LATE, "in the request line")


def slow_later(s):
    c = s.connect()
    same(c.request("GET", "/").status, 200)
    time.sleep(1.5 * SOON)
    same(c.request("GET", "/").status, 200, "idle is not slow")
    same(drip(c, ENDLESS)[:13], LATE, "a later head")


def silent(s):
    same(s.connect().is_closed(), True, "nothing at all: closed without a word")


def slow_body(s):
    c = s.connect()
    c.send(c.head("PUT", "/slow", {"Content-Length": "100000"}))
    same(drip(c, b"b" * 100000)[:13], LATE, "a body")


def silent_body(s):
    c = s.connect()
    c.send(c.head("PUT", "/slow", {"Content-Length": "100000"}) + b"b")
    same(c.response().status, 408, "a body that does not come")


def slow_chunk(s):
    c = s.connect()
    c.send(c.head("PUT", "/slow", {"Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\n")
    same(drip(c, b"1;" + b"x" * 100000)[:13], LATE, "chunks")


def steady(s):
    c = s.connect()
    c.send(c.head("PUT", "/steady", {"Content-Length": "20000"}))
    for _ in range(20):
        c.send(b"s" * 1000)
        time.sleep(SOON / 10)
    same(c.response().status, 201, "twice the time, but faster than it must be")


def burst(s):
    c = s.connect()
    c.send(c.head("PUT", "/burst", {"Content-Length": "8001"}) + b"b" * 8000)
    time.sleep(2 * SOON)
    c.send(b"b")
    same(c.response().status, 201, "a pause that the average bears")


def tls(s):
    c = s.connect()
    same(c.request("GET", "/").status, 200)
    same(drip(c, ENDLESS), b"", "nothing can be said in its session")


def handshake(s):
    with socket.create_connection((s.host, s.port), 30 * PATIENCE) as plain:
        plain.sendall(b"\x16\x03\x01\x02")
        same(plain.recv(1), b"", "in the handshake")


def idle(s):
    c = s.connect()
    same(c.request("GET", "/").status, 200)
    same(c.is_closed(), True, "idle")


def together(s, *cases):
    parallel(len(cases), lambda i: cases[i](s))


with Server("--head-timeout", str(SOON), "--body-rate", str(int(1000 / PATIENCE))) as s, \
        Server("--head-timeout", str(SOON), tls=True) as secure, Server("--idle-timeout", str(SOON)) as calm:
    together(s, slow_head, slow_line, slow_later, silent, slow_body, silent_body, slow_chunk, steady, burst,
             lambda _: tls(secure), lambda _: handshake(secure), lambda _: idle(calm))
    same(len(lines(s, "--head-timeout")), 1)
    same(len(lines(s, "--body-rate")), 1)
    same(" 408 " in [line for line in s.log().splitlines() if "PUT /slow" in line][0], True, "in the access log")
    same(s.path("slow").exists(), False)
    same(len(lines(secure, "--head-timeout")), 1)
    same(secure.request("GET", "/").status, 200)
    same("is over" in calm.log(), False, "to be idle is nobody's fault")

# An operation that lasts, and an upload that our own disk holds up, are not the client's slowness.
with Server("--head-timeout", "0.2", "--idle-timeout", "0.3", "--body-rate", "1M", slow="renameat2=700,write=150") as s:
    s.write("a", "x")
    together(s, lambda s: same(s.request("PUT", "/big", {}, b"x" * 400000).status, 201, "beside a slow disk"),
             lambda s: same(s.request("MOVE", "/a", {"Destination": "/b"}).status, 201, "a slow rename"))
