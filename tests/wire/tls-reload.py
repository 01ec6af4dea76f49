#!/usr/bin/env python3
"""SIGHUP changes certificate and users under load: no request fails, new handshakes see the new certificate."""
from base64 import b64encode

from holdfast import *
from pki import *

ROUNDS = int(os.environ.get("HOLDFAST_ROUNDS", "12"))
AUTH = {"Authorization": "Basic " + b64encode(b"ann:secret").decode()}

with temporary() as t:
    ca = Authority(t, "CA")
    pairs = [ca.issue("one"), ca.issue("two", kind="rsa")]
    cert, key, junk = t / "cert", t / "key", t / "junk"
    junk.write_text("nonsense\n")
    swap(cert, pairs[0][0])
    swap(key, pairs[0][1])
    with Server("--tls-cert", str(cert), "--tls-key", str(key), users={"ann": "secret"}) as s:
        s.tls = True
        s.write("file", b"x" * 100000)
        over, done, failed = threading.Event(), [0] * 4, []

        def ask(c):
            same(c.request("GET", "/file", AUTH).body, b"x" * 100000)
            same(c.request("PUT", "/up", AUTH, b"y" * 1000).status, (201, 204))
            return 2

        def work(i, keeps):
            try:
                while not over.is_set():
                    with s.connect() as c:
                        done[i] += ask(c)
                        while keeps and not over.is_set():
                            done[i] += ask(c)
            except BaseException as error:
                failed.append(error)

        workers = [threading.Thread(target=work, args=(i, i < 2)) for i in range(4)]
        for worker in workers:
            worker.start()

        def reloads(times):
            eventually(lambda: s.log().count("the certificate was read again") == times, "reload %d" % times)

        for i in range(1, ROUNDS + 1):
            swap(cert, pairs[i % 2][0])
            swap(key, pairs[i % 2][1])
            swap(s.users_file(), s.users_file())
            before = sum(done)
            s.process.send_signal(signal.SIGHUP)
            reloads(i)
            with s.connect() as c:
                same(shown(c), pairs[i % 2][0].read_text().strip(), "the new certificate")
            eventually(lambda: failed or sum(done) > before, "requests go on")

        # An unsound file: one line, and the old certificate stays.
        swap(cert, junk)
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "%s is no certificate in PEM form" % cert in s.log(), "it is told")
        with s.connect() as c:
            same(shown(c), pairs[ROUNDS % 2][0].read_text().strip(), "the old certificate")
        swap(cert, pairs[(ROUNDS + 1) % 2][0])
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "%s is not the private key" % key in s.log(), "it is told")
        over.set()
        for worker in workers:
            worker.join()
        same(failed, [], "failures")
        print("%d requests, none failed, over %d reloads" % (sum(done), ROUNDS))
