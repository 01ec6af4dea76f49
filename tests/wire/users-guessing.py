#!/usr/bin/env python3
"""Somebody who tries passwords does not keep those waiting who are in."""
import select
from base64 import b64encode

from holdfast import *


def credentials(user, password):
    return {"Authorization": "Basic " + b64encode(("%s:%s" % (user, password)).encode()).decode()}


with Server(users={"alice": "right"}) as s:
    same(s.request("GET", "/", credentials("alice", "right")).status, 200)
    guessers = [s.connect() for _ in range(120)]
    for i, c in enumerate(guessers):
        c.send(c.head("GET", "/", credentials("alice", "guess%d" % i)))
    # Some are refused at once, the others are verified one after the other; a small change goes through.
    same(s.request("MKCOL", "/new", credentials("alice", "right")).status, 201)
    answered = select.select([c.sock for c in guessers], [], [], 0)[0]
    within(len(answered), 0, len(guessers) - 1, "guesses answered before the change was")
    statuses = [c.response("GET").status for c in guessers]
    same(sorted(set(statuses) - {401, 429, 503}), [], "answers to guesses")
    within(statuses.count(401), 10, 12, "guesses that were looked at: one per worker more than ten")
    for c in guessers:
        c.close()
    same(s.request("GET", "/", credentials("alice", "right")).status, 200)
