#!/usr/bin/env python3
"""Somebody who tries passwords does not keep those waiting who are in."""
from base64 import b64encode

from holdfast import *


def credentials(user, password):
    return {"Authorization": "Basic " + b64encode(("%s:%s" % (user, password)).encode()).decode()}


with Server(users={"alice": "right"}) as s:
    same(s.request("GET", "/", credentials("alice", "right")).status, 200)
    guessers = [s.connect() for _ in range(120)]
    for i, c in enumerate(guessers):
        c.send(c.head("GET", "/", credentials("alice", "guess%d" % i)))
    # All of them are being verified or refused; meanwhile small changes go through at once.
    begun = time.monotonic()
    same(s.request("MKCOL", "/new", credentials("alice", "right")).status, 201)
    waited = time.monotonic() - begun
    statuses = [c.response("GET").status for c in guessers]
    took = time.monotonic() - begun
    same(sorted(set(statuses) - {401, 503}), [], "answers to guesses")
    within(waited, 0, max(took / 2, 0.2), "seconds that a change waited while guesses took %.1f" % took)
    for c in guessers:
        c.close()
    same(s.request("GET", "/", credentials("alice", "right")).status, 200)
