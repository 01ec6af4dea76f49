#!/usr/bin/env python3
"""--max-connections and --max-connections-per-address: at, below and above; who is refused is told so, others and
those that are there already are served, and places come back."""
import socket

from holdfast import *


def told(c):
    """It asks, and is told that there are too many."""
    c.send(c.head("GET", "/"))
    answer = c.response()
    return answer.status == 503 and answer.get("retry-after") == "5" and answer.get("connection") == "close"


with Server("--max-connections-per-address", "3", "--max-connections", "5") as s:
    first = [s.connect(source="127.0.0.1") for _ in range(3)]
    same([c.request("GET", "/").status for c in first], [200] * 3, "as many as one address may have")
    for _ in range(20):
        same(told(s.connect(source="127.0.0.1")), True, "one more")
    second = [s.connect(source="127.0.0.2") for _ in range(2)]
    same([c.request("GET", "/").status for c in second], [200] * 2, "as many as there may be in all")
    same(told(s.connect(source="127.0.0.3")), True, "one more in all")
    same([c.request("GET", "/").status for c in first + second], [200] * 5, "those that were there")
    second[0].close()
    eventually(lambda: s.request("GET", "/").status == 503, "still one address too many")
    eventually(lambda: s.connect(source="127.0.0.3").request("GET", "/").status == 200, "a place in all came back")
    first[0].close()
    eventually(lambda: s.request("GET", "/").status == 200, "a place of the address came back")
    log = [line for line in s.log().splitlines() if "is over --max-connections" in line]
    same(len(log), 2, "\n".join(log))
    same("127.0.0.1 is over --max-connections-per-address" in log[0] and "127.0.0.3 is over" in log[1], True)
    for c in first + second:
        c.close()

# Where none was given this machine's own have no limit by address, and the others one that leaves room.
with Server("--max-connections", "8") as s:
    own = [s.connect(source="127.0.0.1") for _ in range(8)]
    same([c.request("GET", "/").status for c in own], [200] * 8)
    same(told(s.connect(source="127.0.0.1")), True)
    for c in own:
        c.close()

# A proxy that is trusted speaks for many.
with Server("--max-connections-per-address", "2", "--trusted-proxy", "127.0.0.2") as s:
    proxy = [s.connect(source="127.0.0.2") for _ in range(5)]
    same([c.request("GET", "/").status for c in proxy], [200] * 5)
    other = [s.connect(source="127.0.0.1") for _ in range(2)]
    same([c.request("GET", "/").status for c in other], [200] * 2)
    same(told(s.connect(source="127.0.0.1")), True)
    for c in proxy + other:
        c.close()

# Nothing can be said over TLS before the handshake, which takes longer than being sent away.
with Server("--max-connections", "1", tls=True) as s, s.connect() as c:
    same(c.request("GET", "/").status, 200)
    with socket.create_connection((s.host, s.port), 30) as other:
        same(other.recv(1), b"", "closed")
    same(c.request("GET", "/").status, 200)
