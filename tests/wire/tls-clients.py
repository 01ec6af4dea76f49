#!/usr/bin/env python3
"""A client's certificate names its user if one of --tls-client-ca issued it, and nobody otherwise."""
from base64 import b64encode

from holdfast import *
from pki import *

CLIENT, SERVER = "extendedKeyUsage=clientAuth", "extendedKeyUsage=serverAuth"
PASSWORD = {"Authorization": "Basic " + b64encode(b"bob:secret").decode()}


def ask(s, pair=(), headers=(), versions=None):
    """The status, and as whom the access log has it."""
    with Connection(s.host, s.port, tls=client_context(*pair, versions=versions)) as c:
        statuses = {c.request("GET", "/", headers).status for _ in range(2)}
    same(len(statuses), 1, "the same each time")
    return statuses.pop(), s.log().splitlines()[-1].split(" ")[2]


with temporary() as t:
    ours, other = Authority(t, "Ours"), Authority(t, "Other")
    server = ours.issue("server", extensions=[SERVER])
    ann, bob, eve = (ours.issue(name, "/CN=" + name) for name in ("ann", "bob", "eve"))
    meant = ours.issue("meant", "/O=Holdfast/CN=ann", extensions=[CLIENT, "subjectAltName=DNS:x,email:bob"])
    late = ours.issue("late", "/CN=ann", ends="20210101000000Z", begins="20200101000000Z")
    misused = ours.issue("misused", "/CN=ann", extensions=[SERVER])
    forged = other.issue("forged", "/CN=ann")
    nameless = ours.issue("nameless", "/O=ann")
    mail = ours.issue("mail", "/CN=eve", extensions=["subjectAltName=DNS:ann,email:ann@example.org,email:bob"])
    odd = [ours.issue("odd%d" % i, "/CN=" + name)
           for i, name in enumerate(("ann\nbob", "ann:x", "ann\x7f"))]
    (t / "both").write_bytes(ours.cert.read_bytes())
    good = ["--tls-cert", str(server[0]), "--tls-key", str(server[1])]
    asks = good + ["--tls-client-ca", str(t / "both")]

    with Server(*asks, users={"ann": "x", "bob": "secret"}) as s:
        s.tls = True
        for versions in (None, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)):
            same(ask(s, ann, versions=versions), (200, "ann"))
            same(ask(s, versions=versions)[0], 401, "no certificate")
            same(ask(s, forged, versions=versions)[0], 401, "of another authority")
        same(ask(s, meant), (200, "ann"))
        same(ask(s, headers=PASSWORD), (200, "bob"), "a password does as before")
        same(ask(s, eve)[0], 401, "not in the users file")
        same(ask(s, eve, PASSWORD), (200, "bob"))
        same(ask(s, forged, PASSWORD), (200, "bob"))
        for pair, why in ((late, "expired"), (misused, "purpose"), (forged, "issuer is unknown"), (nameless, "no name")):
            same(ask(s, pair)[0], 401, why)
            same(why in s.log(), True, why)
        for pair in odd:
            same(ask(s, pair)[0], 401)
        # Another authority comes with a reload, and goes with one.
        swap(t / "both", ours.cert, other.cert)
        with Connection(s.host, s.port, tls=client_context(*forged)) as old:
            same(old.request("GET", "/").status, 401)
            s.process.send_signal(signal.SIGHUP)
            eventually(lambda: "the certificate was read again" in s.log(), "the reload")
            same(old.request("GET", "/").status, 401, "as it was when the connection came")
        same(ask(s, forged), (200, "ann"))

    with Server(*asks) as s:  # no users file: whoever has a certificate
        s.tls = True
        same(ask(s, eve), (200, "eve"))
        same(ask(s, late)[0], 403)
        same(ask(s)[0], 403)
        for pair in odd + [nameless]:
            same(ask(s, pair)[0], 403, pair)

    with Server(*asks, "--tls-client-user", "email", users={"ann@example.org": "x", "bob": "x"}) as s:
        s.tls = True
        same(ask(s, mail), (200, "ann@example.org"))
        same(ask(s, meant), (200, "bob"))
        same(ask(s, bob)[0], 401, "no address")

    with Server(*good, users={"ann": "x"}) as s:  # not asked for: not looked at
        s.tls = True
        same(ask(s, ann)[0], 401)
