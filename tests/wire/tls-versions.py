#!/usr/bin/env python3
"""TLS 1.3 and 1.2 with forward secrecy by default, nothing older or weaker; ALPN; --tls-priorities says otherwise."""
from holdfast import *
from pki import *

V = ssl.TLSVersion
OLD = (V.TLSv1, V.TLSv1_1)
WEAK = ("AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA")


def handshake(s, context):
    """(version, cipher, protocol), or what kind of refusal it was."""
    try:
        with Connection(s.host, s.port, tls=context) as c:
            same(c.request("OPTIONS", "/").status, (200, 204))
            return c.sock.version(), c.sock.cipher()[0], c.sock.selected_alpn_protocol()
    except (ssl.SSLError, ConnectionError):
        return "refused"


def context(versions=None, ciphers=None, alpn=None):
    made = client_context(versions=versions)
    if ciphers:
        made.set_ciphers(ciphers + ":@SECLEVEL=0")
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


with temporary() as t:
    ca = Authority(t, "CA")
    cert, key = ca.issue("rsa", kind="rsa")
    good = ["--tls-cert", str(cert), "--tls-key", str(key)]
    with Server(*good) as s:
        s.tls = True
        same(handshake(s, context())[0], "TLSv1.3")
        same(handshake(s, context((V.TLSv1_2, V.TLSv1_2)))[0], "TLSv1.2")
        for name in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
            same(handshake(s, context((V.TLSv1_2, V.TLSv1_2), name))[1], name)
        for old in OLD:
            same(handshake(s, context((old, old), "ALL")), "refused", old)
        for name in WEAK:
            same(handshake(s, context((V.TLSv1_2, V.TLSv1_2), name)), "refused", name)
        same(handshake(s, context(alpn=["h2", "http/1.1"]))[2], "http/1.1")
        same(handshake(s, context(alpn=["smtp"])), "refused", "who wants another protocol")
        with Connection(s.host, s.port) as plain:  # HTTP where TLS is spoken
            plain.send(plain.head("GET", "/"))
            same(plain.rest().startswith(b"HTTP/"), False)
        s.alive()
    with Server(*good, "--tls-priorities", "NORMAL:-VERS-ALL:+VERS-TLS1.3") as s:
        s.tls = True
        same(handshake(s, context())[0], "TLSv1.3")
        same(handshake(s, context((V.TLSv1_2, V.TLSv1_2))), "refused")
    with Server(*good, "--tls-priorities", "NORMAL:+VERS-ALL:+RSA:+CIPHER-ALL:+MAC-ALL:+SIGN-ALL") as s:
        s.tls = True  # the client of this test can speak all that was refused above
        for old in OLD:
            same(handshake(s, context((old, old), "ALL")) == "refused", False, old)
        for name in WEAK:
            same(handshake(s, context((V.TLSv1_2, V.TLSv1_2), name))[1], name)
    (t / "root").mkdir()
    for text, word in (("NORMAL:+NONSENSE", "+NONSENSE"), ("nonsense", "nonsense"), ("NONE", "NONE")):
        status, out, err = run_program("serve", *good, "--tls-priorities", text, "--state", str(t / "state"),
                                       "--listen", "127.0.0.1:0", str(t / "root"))
        same((status, len(err.splitlines()), word in err), (1, 1, True), err)
