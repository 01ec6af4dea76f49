#!/usr/bin/env python3
"""The suites with users and TLS on: HOLDFAST_SECURED=1 in the environment.

Every server that a test starts then has a certificate, one user and a rule that lets this user do everything,
save where the test brings its own; and every client comes by TLS with that user's password. holdfast.py and
server.sh see to it, so that tests need not know. Those for which it makes no sense are in SKIPPED, with the reason.

    tests/wire/secured.py OPTIONS...    for scripts: prints the user's name, password and authority, and what to add to
                                        these options of `holdfast serve`, a line each

Certificates and users are made once a day, in a folder beside the program.
"""
import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pki

ASKED = bool(os.environ.get("HOLDFAST_SECURED"))
TOP = Path(__file__).resolve().parent.parent.parent

NAME, PASSWORD = "tester", "open-sesame-4711"
BASIC = base64.b64encode(("%s:%s" % (NAME, PASSWORD)).encode()).decode()
LOGIN = "Basic " + BASIC
SECRETS = (PASSWORD, BASIC)  # no log has them

# With one of these a test has users, or nobody, of its own.
OWN_USERS = ("--users", "--anonymous", "--tls-client-ca")
OWN_RULES = ("--access", "--home-folders", "--config")
OWN_CERTIFICATE = ("--tls-cert",)

SKIPPED = {
    "limit-connections": "whom a limit refuses is told so in plain HTTP only",
    "limit-reload": "whom a limit refuses is told so in plain HTTP only",
    "limit-slow": "who is too slow is told so in plain HTTP only; it has a case for TLS",
    "log-forms": "it compares whole lines about nobody",
    "process-user": "its server may not read the key",
    "tls-handshake": "it speaks TLS by hand, with users or without",
    "tls-versions": "its clients speak TLS by hand, with users or without",
    "users-plain": "passwords in clear are its point",
}

# Their requests are bytes of their own, so a certificate of the client says who they are.
BY_CERTIFICATE = {"framing-closes", "framing-folded", "framing-odd", "smuggling"}


def skipped(program):
    """Why this test makes no sense here; None if it does."""
    return SKIPPED.get(Path(program).stem) if ASKED else None


def is_by_certificate():
    return Path(sys.argv[0]).stem in BY_CERTIFICATE


def has_any(options, names):
    return any(str(option).split("=")[0] in names for option in options)


# ---- certificates and users ----

def make(folder):
    """A folder with an authority, what it has issued to the server and to the user, and the file of users."""
    authority = pki.Authority(folder, "ca")
    authority.issue("server", extensions=("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",))
    authority.issue("client", subject="/CN=" + NAME)
    joined = folder / "client.pem"  # haproxy wants both in one
    joined.write_bytes(b"".join((folder / "ca" / name).read_bytes() for name in ("client.pem", "client.key")))
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (folder / "users").write_text("%s:{SHA}%s\n" % (NAME, digest))  # quick to verify


def material():
    """The folder with all this; of several that make it at once one wins."""
    home = Path(os.environ.get("HOLDFAST", str(TOP / "build" / "holdfast"))).resolve().parent
    folder = home / time.strftime("secured-%Y-%m-%d", time.gmtime())
    if not folder.exists():
        for old in home.glob("secured-2*"):
            shutil.rmtree(old, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="secured-fresh-", dir=home))
        fresh.chmod(0o755)
        try:
            make(fresh)
            fresh.rename(folder)
        except OSError:
            shutil.rmtree(fresh)
            if not folder.exists():
                raise
    return folder


def certificate():
    issued = material() / "ca"
    return ["--tls-cert", str(issued / "server.pem"), "--tls-key", str(issued / "server.key")]


def users(options):
    rules = [] if has_any(options, OWN_RULES) else ["--access", "/ %s write" % NAME]
    return ["--users", str(material() / "users"), "--tls-client-ca", str(material() / "ca" / "ca.pem")] + rules


def client_context():
    issued = material() / "ca"
    return pki.client_context(issued / "client.pem", issued / "client.key")


# ---- the way in for those who speak plain HTTP ----

RELAY = """
defaults
    mode tcp
    timeout connect 10s
    timeout client 120s
    timeout server 120s
frontend plain
    bind fd@{listening}
    default_backend secured
backend secured
    server it {host}:{port} ssl verify none crt {certificate}
"""


class Relay:
    """haproxy that passes on byte by byte what comes by plain TCP, over TLS and with the user's certificate."""

    def __init__(self, host, port):
        self.temp = Path(tempfile.mkdtemp(prefix="holdfast-relay-"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            configuration = self.temp / "haproxy.cfg"
            configuration.write_text(RELAY.format(listening=listening.fileno(), host=host, port=port,
                                                  certificate=material() / "client.pem"))
            with open(self.temp / "log", "wb") as log:
                self.process = subprocess.Popen(["haproxy", "-db", "-f", str(configuration)], stdout=log, stderr=log,
                                                pass_fds=[listening.fileno()])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.temp, ignore_errors=True)


def main():
    print("\n".join([NAME, PASSWORD, str(material() / "ca" / "ca.pem")] + certificate() + users(sys.argv[1:])))


if __name__ == "__main__":
    main()
