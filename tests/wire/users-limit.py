#!/usr/bin/env python3
"""Failed logins: 429 with Retry-After after ten, by address and by name; who is in, or was there before, goes on."""
from base64 import b64encode

from holdfast import *


def login(s, user, password, address):
    credentials = b64encode(("%s:%s" % (user, password)).encode()).decode()
    return s.request("GET", "/", {"Authorization": "Basic " + credentials, "X-Forwarded-For": address})


def guess(s, times, user, address):
    return [login(s, user, "guess-%s-%d" % (address, i), address).status for i in range(times)]


HOME, OFFICE, EVIL, EVIL2 = "198.51.100.1", "198.51.100.2", "203.0.113.1", "203.0.113.2"
with Server("--trusted-proxy", "127.0.0.1", users={"ann": "right", "bob": "secret"}) as s:
    same(login(s, "ann", "right", HOME).status, 200)
    same(guess(s, 12, "ann", EVIL), [401] * 10 + [429] * 2)
    answer = login(s, "ann", "right", EVIL)
    same(answer.status, 429, "also a right one")
    within(int(answer.get("retry-after")), 1, 30, "Retry-After")
    same(answer.get("www-authenticate"), None, "nothing is asked for")
    same(login(s, "bob", "secret", EVIL).status, 429, "whatever the name")
    same(login(s, "ann", "right", HOME).status, 200, "remembered")
    same(login(s, "ann", "right", OFFICE).status, 429, "her name, from where she never was")
    same(login(s, "bob", "secret", OFFICE).status, 200, "another name from elsewhere")
    # Another line of hers, and what was verified is forgotten; but not who failed, nor where she has been.
    same(run_program("passwd", str(s.users_file()), "ann", stdin="right\n")[0], 0)
    s.process.send_signal(signal.SIGHUP)
    eventually(lambda: "read again" in s.log(), "the users are read again")
    same(login(s, "ann", "right", EVIL2).status, 429, "her name, from elsewhere")
    same(login(s, "ann", "right", HOME).status, 200, "her name, from where she was")
    # From there too there is an end to guessing.
    same(guess(s, 12, "ann", HOME), [401] * 10 + [429] * 2)
    same(login(s, "ann", "right", HOME).status, 200, "remembered")
    same(set(guess(s, 150, "ann", HOME)) - {401, 429}, set(), "answers to who does not stop")
    same(login(s, "ann", "right", HOME).status, 429, "no more")
    # The same wrong password again is no guess: a client that does not give up locks nobody out.
    same([login(s, "bob", "old", OFFICE).status for _ in range(30)], [401] * 30)
    same(login(s, "bob", "secret", OFFICE).status, 200)
    # One network of IPv6 is one client.
    same([login(s, "user%d" % i, "x", "2001:db8::%x" % (i + 1)).status for i in range(12)], [401] * 10 + [429] * 2)
    # No credentials at all is no failure.
    same([s.request("GET", "/", {"X-Forwarded-For": OFFICE}).status for _ in range(12)], [401] * 12)
    log = s.log()
    same(len(re.findall(r"warning: too many failed logins from 203\.0\.113\.1 \(the last one as ann\): no more for 30 s",
                        log)), 1, log)
    same("under a name that nobody has" in log, True, "unknown names are not told")
    for secret in ("guess-", "right", "secret", "user9"):
        same(secret in log, False, "%r in the log" % secret)
with Server(users={"ann": "right"}) as s, s.connect() as c:
    # The connection lives on over 401 and 429, a body is read and left.
    for i in range(12):
        credentials = b64encode(b"ann:%d" % i).decode()
        answer = c.request("PUT", "/a", {"Authorization": "Basic " + credentials}, "x" * 1000)
        same(answer.status, 401 if i < 10 else 429)
        same(answer.get("connection", "keep-alive").lower(), "keep-alive")
    same(os.listdir(s.root), [])
    # Who comes from nowhere near a proxy cannot choose another address.
    same(login(s, "ann", "one more", HOME).status, 429)
