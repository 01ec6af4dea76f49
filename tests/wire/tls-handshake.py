#!/usr/bin/env python3
"""Clients that stop in the middle of the TLS handshake cost nothing, wherever they stop; others are served meanwhile."""
import ssl

from holdfast import *

EACH = 40


def spent(s):
    fields = Path("/proc/%d/stat" % s.process.pid).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hello():
    """A client's side of a handshake: what it says first, and where the answers go."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = context.wrap_bio(incoming, outgoing)
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return side, incoming, outgoing


with Server(tls=True) as s:
    s.write("file", b"x" * 1000)
    s.tls = False
    begun, halfway = [s.connect() for _ in range(EACH)], [s.connect() for _ in range(EACH)]
    s.tls = True
    sides = []
    for c in begun:
        c.send(hello()[2].read()[:100])
    for c in halfway:
        side, incoming, outgoing = hello()
        c.send(outgoing.read())
        sides.append((c, side, incoming, outgoing))
    for c, _, incoming, _ in sides:  # the server has said all that it can
        incoming.write(c.sock.recv(65536))
    with s.connect() as c:
        same(c.request("GET", "/file").status, 200)
        before, end = spent(s), time.monotonic() + 2
        while time.monotonic() < end:
            time.sleep(0.1)
        cost = spent(s) - before
        within(cost, 0, 0.15 * PATIENCE, "seconds of the processor in two, with %d handshakes" % (2 * EACH))
        same(c.request("GET", "/file").body, b"x" * 1000)
    for _ in range(10):
        same(s.request("GET", "/file").status, 200, "a new connection")
    for c, side, incoming, outgoing in sides[:5]:  # who goes on is served, too
        while True:
            try:
                side.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(c.sock.recv(65536))
        side.write(b"GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        c.send(outgoing.read())
        answer = b""
        while b"x" * 1000 not in answer:
            incoming.write(c.sock.recv(65536))
            try:
                answer += side.read(65536)
            except ssl.SSLWantReadError:
                pass
    for c in begun + halfway:
        c.close()
