#!/usr/bin/env python3
"""Huge and malformed Prefer headers do no harm, and what makes sense in them counts."""
from longops import *

HOSTILE = [
    "," * 8000, "respond-async" * 600, "wait=" + "9" * 8000, '"' * 8000, "a=" + '"x' * 4000, ";" * 8000,
    "respond-async;" + "p=1;" * 2000 + ", wait=0", "wait=0x10", "wait=1e9", "wait= ", "=,=", "\xff\xfe=\x01",
    'respond-async="yes", wait="', "wait=0" + ", wait=0" * 900,
]

with Server("--heartbeat", "30") as s:
    s.write("a", "x")
    for i, value in enumerate(HOSTILE):
        answer = s.request("COPY", "/a", [("Destination", "/b%d" % i), ("Prefer", value.encode("latin-1").decode(
            "utf-8", "surrogateescape"))])
        within(answer.status, 201, 431, "for %r" % value[:30])
        same(answer.status in (201, 202, 400, 431), True, "%d for %r" % (answer.status, value[:30]))
        s.alive()

with Held("--heartbeat", "30") as s:
    s.write("slow/a", "x")
    answer = s.request("MOVE", "/slow", [("Destination", "/moved"), ("Prefer", "x=1, " * 1000),
                                         ("Prefer", "respond-async"), ("Prefer", "wait=0")])
    same(answer.status, 202, "among a thousand others")
    s.open_gate()
    s.ended(answer.get("location"))
