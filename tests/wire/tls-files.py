#!/usr/bin/env python3
"""A certificate, key or list of priorities that cannot be used is told in a line of its own; doubts are warnings."""
from holdfast import *
from pki import *

with temporary() as t:
    ca = Authority(t, "CA")
    cert, key = ca.issue("server")
    rsa_cert, rsa_key = ca.issue("rsa", kind="rsa")
    old, old_key = ca.issue("old", begins="20200101000000Z", ends="20200202030405Z")
    new, new_key = ca.issue("new", begins="20900101000000Z", ends="20910101000000Z")
    locked, junk, empty, huge, chain = t / "locked", t / "junk", t / "empty", t / "huge", t / "chain"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", str(key), "-out", str(locked), "-passout", "pass:x"],
                   check=True)
    junk.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    empty.touch()
    huge.write_bytes(b"x" * (1024 * 1024 + 1))
    (t / "root").mkdir()

    def refused(cert, key, *words):
        status, out, err = run_program("serve", "--listen", "127.0.0.1:0", "--state", str(t / "state"), "--tls-cert",
                                       str(cert), "--tls-key", str(key), str(t / "root"))
        same((status, out), (1, ""), err)
        same(len(err.splitlines()), 1, err)
        for word in words:
            same(str(word) in err, True, "%r in %r" % (word, err))

    refused(t / "none", key, t / "none", "No such file")
    refused(cert, t / "none", t / "none", "No such file")
    refused(junk, key, junk, "no certificate in PEM form")
    refused(empty, key, empty, "no certificate in PEM form")
    refused(key, key, key, "no certificate in PEM form")
    refused(huge, key, huge, "too large")
    refused(t, key, t, "directory")
    refused(cert, cert, cert, "no private key in PEM form")
    refused(cert, empty, empty, "no private key in PEM form")
    refused(cert, locked, locked, "passphrase")
    refused(cert, rsa_key, rsa_key, "is not the private key of the certificate in", cert)
    refused(rsa_cert, key, key, "is not the private key of the certificate in", rsa_cert)

    def served(cert, key, *warnings):
        with Server("--tls-cert", str(cert), "--tls-key", str(key), root=t / "root") as s:
            s.tls = True
            s.alive()
            told = [line for line in s.log().splitlines() if "warning" in line and "as root" not in line]
            same(len(told), len(warnings), s.log())
            for warning in warnings:
                same(warning in told[0], True, "%r in %r" % (warning, told))

    chain.write_bytes(cert.read_bytes() + ca.cert.read_bytes())
    served(chain, key)
    served(old, old_key, "a certificate in %s expired on 2020-02-02 03:04:05 UTC" % old)
    served(new, new_key, "a certificate in %s is not valid before 2090-01-01 00:00:00 UTC" % new)
    os.chmod(key, 0o644)
    served(cert, key, "anybody may read the private key in %s (chmod o-r)" % key)
