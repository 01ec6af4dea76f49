#!/usr/bin/env python3
"""Digest: one 401 for any number of requests, over both threads; replays, other targets and wrong passwords are 401."""
import hashlib
from base64 import b64encode

from holdfast import *

BASIC = {"Authorization": "Basic " + b64encode(b"ann:secret").decode()}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def line(user, password):
    return "%s:Holdfast:%s\n" % (user, digest("%s:Holdfast:%s" % (user, password)))


def challenges(answer):
    same(answer.status, 401, "status")
    return answer.all("www-authenticate")


def nonce(answer):
    return re.search(r'^Digest realm="Holdfast", qop="auth", algorithm=SHA-256, nonce="(\w+)"',
                     challenges(answer)[0])[1]


class Client:
    """As RFC 7616 wants it; the count goes up with each request."""

    def __init__(self, s, user="ann", password="secret"):
        self.s, self.user, self.password, self.count = s, user, password, 0
        self.nonce = nonce(s.request("GET", "/"))

    def header(self, method, target, uri=None, count=None):
        self.count += 1
        uri, nc = uri or target, "%08x" % (count or self.count)
        secret = digest("%s:Holdfast:%s" % (self.user, self.password))
        response = digest(":".join((secret, self.nonce, nc, "abc", "auth", digest(method + ":" + uri))))
        return {"Authorization": 'Digest username="%s", realm="Holdfast", nonce="%s", uri="%s", cnonce="abc", nc=%s, '
                                 'qop=auth, algorithm=SHA-256, response="%s"' % (self.user, self.nonce, uri, nc, response)}

    def request(self, method, target, body=None, where=None, **more):
        return (where or self.s).request(method, target, self.header(method, target, **more), body)


def server(text):
    s = Server()
    users = s.temp / "users"
    users.write_text(text)
    s.options += ["--users", str(users)]
    return s


with server(line("ann", "secret") + line("jürgen", "geheim")) as s:
    same(len(challenges(s.request("GET", "/"))), 1, "no Basic where nobody has a password for it")
    same(len(challenges(s.request("GET", "/", BASIC))), 1, "nor is it taken")
    ann = Client(s)
    with s.connect() as one, s.connect() as two:  # each of the two is served by a thread of its own
        for i in range(6):
            where = (one, two)[i % 2]
            same(ann.request("PUT", "/f%d" % i, "x" * 1000, where).status, 201)
            same(ann.request("PROPFIND", "/?a=b&c", where=where).status, 207)
            same(ann.request("GET", "/f%d" % i, where=where).body, b"x" * 1000)
    same(Client(s, "jürgen", "geheim").request("GET", "/f0").status, 200)
    # Once more the same: it is not good twice, but the client may try with another nonce.
    again = ann.header("GET", "/f0")
    same(s.request("GET", "/f0", again).status, 200)
    stale = s.request("GET", "/f0", again)
    same(", stale=true" in challenges(stale)[0], True, "stale")
    ann.nonce = nonce(stale)
    same(ann.request("GET", "/f0").status, 200, "with the new one")
    for answer in (ann.request("GET", "/f1", uri="/f0"), s.request("DELETE", "/f0", ann.header("GET", "/f0")),
                   Client(s, password="wrong").request("GET", "/f0"), Client(s, "nobody").request("GET", "/f0"),
                   s.request("GET", "/f0", {"Authorization": "Digest username=ann"})):
        same("stale" in challenges(answer)[0], False, "not stale")
    # A nonce of another process, as after a restart: stale, no reason to ask the user for the password again.
    ann.nonce = "0" * 80
    same(", stale=true" in challenges(ann.request("GET", "/f0"))[0], True, "not ours")
    # Guesses are limited; who is in goes on.
    ann = Client(s)
    same(ann.request("GET", "/f0").status, 200)
    guesses = [Client(s, password="guess%d" % i) for i in range(12)]
    statuses = [g.request("GET", "/f0").status for g in guesses]
    same(statuses[:5] + statuses[-1:], [401] * 5 + [429])
    same(ann.request("GET", "/f0").status, 200)
    # A body that the client would rather not send is not asked for.
    with s.connect() as c:
        c.send(c.head("PUT", "/big", {"Content-Length": "1000000", "Expect": "100-continue",
                                      **Client(s, "jürgen", "no").header("PUT", "/big")}))
        answer = c.response("PUT")
        same((answer.status, answer.interims), (401, []))
    for secret in ("secret", "geheim", ann.nonce, digest("ann:Holdfast:secret")):
        same(secret in s.log(), False, "in the log")

with server(line("ann", "secret") + "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n") as s:
    first, second = challenges(s.request("OPTIONS", "/"))
    same(first.startswith("Digest "), True, "the better one first")
    same(second, 'Basic realm="Holdfast", charset="UTF-8"')
    same(s.request("GET", "/", BASIC).status, 200, "who has a digest may use Basic where that is offered")
    same(Client(s).request("GET", "/").status, 200)
