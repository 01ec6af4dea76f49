#!/usr/bin/env python3
"""What TLS, passwords and confinement cost: GET of 1 KiB, each way of serving it in turn, medians; nginx beside it."""
import argparse
import base64
import hashlib
import http.client
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from generators import Broken, note  # noqa: E402
from servers import Holdfast, Nginx, Server  # noqa: E402

LOGIN = "Authorization: Basic " + base64.b64encode(b"ann:secret").decode()
CLOSE = "Connection: close"
DIGEST = "digest"
DIGEST_RATE = 120000  # requests a second of one thread at most


def certificate(folder, kind):
    cert, key = folder / (kind + ".pem"), folder / (kind + ".key")
    new = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ecdsa" else ["rsa:2048"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *new, "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def users_file(folder, program, *options):
    path = folder / "-".join(("users",) + options)
    subprocess.run([program, "passwd", *options, str(path), "ann"], input="secret\n", text=True, check=True, capture_output=True)
    return path


class Guarded(Holdfast):
    def __init__(self, base, name, *options):
        self.name, self.options = name, [str(option) for option in options]
        super().__init__(base)

    def command(self):
        command = super().command()
        return command[:-1] + self.options + command[-1:]

    @property
    def url(self):
        return super().url.replace("http:", "https:") if "--tls-cert" in self.options else super().url


class GuardedNginx(Nginx):
    def __init__(self, base, cert, key):
        self.pair = cert, key
        Server.__init__(self, base)

    def command(self):
        command, conf = super().command(), self.run / "conf"
        conf.write_text(conf.read_text().replace("listen 127.0.0.1:%d;" % self.port, """
        listen 127.0.0.1:%d ssl;
        ssl_certificate %s;
        ssl_certificate_key %s;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_tickets off;""" % (self.port, *self.pair)))
        return command

    @property
    def url(self):
        return super().url.replace("http:", "https:")


def sha256(*parts):
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def digest_script(s, seconds):
    """What makes wrk log in by Digest: each request has a number of its own, so all are made beforehand, for two threads."""
    for thread in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", s.port)
        connection.request("GET", "/file")
        challenge = connection.getresponse().getheader("WWW-Authenticate")
        connection.close()
        nonce, opaque = (re.search('%s="([^"]*)"' % name, challenge) for name in ("nonce", "opaque"))
        secret, what = sha256("ann", "Holdfast", "secret"), sha256("GET", "/file")
        with open(s.run / ("digest-%d" % thread), "w") as file:
            for number in range(1, DIGEST_RATE * seconds):
                nc = "%08x" % number
                print('Digest username="ann", realm="Holdfast", nonce="%s", uri="/file", algorithm=SHA-256, qop=auth, nc=%s, '
                      'cnonce="c", response="%s"%s' % (nonce[1], nc, sha256(secret, nonce[1], nc, "c", "auth", what),
                                                       ', opaque="%s"' % opaque[1] if opaque else ""), file=file)
    script = s.run / "digest.lua"
    script.write_text("""
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args) lines = io.lines("%s/digest-" .. id) end
function request() return wrk.format("GET", nil, { Authorization = lines() }) end
""" % s.run)
    return ["-s", str(script)]


def load(s, seconds, headers):
    """Requests per second, and microseconds of the server's processor time for each."""
    seconds = min(seconds, 2) if headers == DIGEST else seconds  # what is made beforehand fills a disk
    command = ["wrk", "-t2", "-c16", "-d%ds" % seconds]
    if headers == DIGEST:
        command += digest_script(s, seconds)
    else:
        command += [word for header in headers for word in ("-H", header)]
    before = s.cpu_seconds()
    done = subprocess.run(command + [s.url + "/file"], capture_output=True, text=True)
    spent = s.cpu_seconds() - before
    words = dict(line.strip().split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    count = [line.split()[0] for line in done.stdout.splitlines() if " requests in " in line]
    # Of what comes more than 64 requests late, as from wrk's many connections, Digest has it sent again.
    refused = int(words.get("Non-2xx or 3xx responses", "0"))
    if done.returncode or "Requests/sec" not in words or refused > (int(count[0]) / 20 if headers == DIGEST else 0):
        raise Broken("%s: %s" % (s.name, (done.stderr or done.stdout)[-200:]))
    return float(words["Requests/sec"]), spent / int(count[0]) * 1e6


def first_login(s):
    """Seconds of a request whose password has not been verified since the start."""
    connection = http.client.HTTPConnection("127.0.0.1", s.port)
    connection.connect()
    begun = time.perf_counter()
    connection.request("GET", "/file", headers=dict([LOGIN.split(": ")]))
    status = connection.getresponse().status
    seconds = time.perf_counter() - begun
    connection.close()
    if status != 200:
        raise Broken("the login is answered %d" % status)
    return seconds


def main():
    parser = argparse.ArgumentParser(prog="script/bench --guarded", description=__doc__)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    o = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        base = Path(folder)
        base.chmod(0o755)
        ecdsa, rsa = certificate(base, "ecdsa"), certificate(base, "rsa")
        users = users_file(base, os.environ.get("HOLDFAST", "holdfast"))
        tls = ["--tls-cert", ecdsa[0], "--tls-key", ecdsa[1]]
        loose = Guarded(base, "loose", "--confine", "off")
        plain, named = Guarded(base, "plain"), Guarded(base, "named", "--users", users)
        digest = Guarded(base, "digest", "--users", users_file(base, os.environ.get("HOLDFAST", "holdfast"), "--digest"))
        safe, both = Guarded(base, "safe", *tls), Guarded(base, "both", *tls, "--users", users)
        old = Guarded(base, "old", "--tls-cert", rsa[0], "--tls-key", rsa[1])
        nginx = GuardedNginx(base, *ecdsa)
        rows = [("`--confine off`", loose, ()), ("plain HTTP", plain, ()), ("a password (verified before)", named, (LOGIN,)),
                ("a password by Digest", digest, DIGEST), ("TLS", safe, ()), ("TLS and a password", both, (LOGIN,)), ("nginx, TLS", nginx, ()),
                ("a connection each, plain HTTP", plain, (CLOSE,)), ("a connection each, TLS, ECDSA P-256", safe, (CLOSE,)),
                ("a connection each, TLS, RSA 2048", old, (CLOSE,)), ("nginx, a connection each, TLS, ECDSA P-256", nginx, (CLOSE,))]
        servers = [loose, plain, named, digest, safe, both, old, nginx]
        try:
            for s in servers:
                (s.root / "file").write_bytes(b"x" * 1024)
                s.start()
            login = first_login(named)
            samples = [[] for _ in rows]
            for number in range(o.rounds):
                for (what, s, headers), found in zip(rows, samples):
                    found.append(load(s, o.seconds, headers))
                    note("round %d of %d: %s: %.0f/s, %.1f us" % (number + 1, o.rounds, what, *found[-1]))
        finally:
            for s in servers:
                s.stop()
    print("| GET 1 KiB | /s | processor time of the server each, us |\n|---|---:|---:|")
    for (what, _, _), found in zip(rows, samples):
        print("| %s | %s | %.1f |" % (what, format(statistics.median(f[0] for f in found), ",.0f"),
                                     statistics.median(f[1] for f in found)))
    print("\nThe first request with a password (bcrypt): %.0f ms." % (login * 1000))
    return 0


sys.exit(main())
