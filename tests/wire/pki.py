"""Certificates for a test, made by openssl: an authority of one's own and what it issues.

    from pki import *

    ca = Authority(folder, "Test CA")
    cert, key = ca.issue("server", subject="/CN=localhost")
"""
import ssl
import subprocess
from pathlib import Path

from rawhttp import trusting

__all__ = ["Authority", "client_context", "shown", "ssl", "swap"]

CONFIG = """
[ca]
default_ca = it
[it]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
email_in_dn = yes
copy_extensions = copy
[any]
commonName = optional
emailAddress = optional
organizationName = optional
[req]
distinguished_name = nobody
string_mask = utf8only
[nobody]
"""


def openssl(*arguments):
    done = subprocess.run(["openssl"] + [str(a) for a in arguments], capture_output=True, text=True,
                          errors="replace")
    if done.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(map(str, arguments)), done.stderr))
    return done.stdout


class Authority:
    def __init__(self, folder, name):
        self.folder = Path(folder) / name.replace(" ", "-")
        self.folder.mkdir()
        (self.folder / "index").touch()
        self.config = self.folder / "config"
        self.config.write_text(CONFIG.format(folder=self.folder))
        self.cert, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        self.make_key(self.key)
        openssl("req", "-x509", "-new", "-config", self.config, "-key", self.key, "-subj", "/CN=" + name, "-days", 3,
                "-addext", "basicConstraints=critical,CA:true", "-out", self.cert)

    def make_key(self, path, kind="ec"):
        if kind == "ec":
            openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", path)
        else:
            openssl("genrsa", "-out", path, "2048")

    def issue(self, file, subject="/CN=localhost", begins=None, ends=None, extensions=(), kind="ec"):
        """(certificate, key); begins and ends as "20260101000000Z"."""
        cert, key, request, ext = (self.folder / (file + end) for end in (".pem", ".key", ".csr", ".ext"))
        self.make_key(key, kind)
        key.chmod(0o600)
        openssl("req", "-new", "-utf8", "-config", self.config, "-key", key, "-subj", subject, "-out", request)
        ext.write_text("basicConstraints=CA:false\n" + "".join(line + "\n" for line in extensions))
        dates = (["-startdate", begins] if begins else []) + (["-enddate", ends] if ends else ["-days", 2])
        openssl("ca", "-batch", "-config", self.config, "-cert", self.cert, "-keyfile", self.key, "-in", request,
                "-extfile", ext, "-notext", "-out", cert, *dates)
        return cert, key


def client_context(cert=None, key=None, versions=None):
    """A client that takes any server, shows this certificate, and speaks these versions (least, most)."""
    context = trusting()
    if cert:
        context.load_cert_chain(cert, key)
    if versions:
        context.minimum_version, context.maximum_version = versions
    return context


def shown(connection):
    """The certificate that the server of this connection showed, as PEM."""
    return ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(binary_form=True)).strip()


def swap(file, *parts):
    """Puts another content in the file's place in one step, as tools that renew certificates do."""
    fresh = Path(str(file) + ".fresh")
    fresh.write_bytes(b"".join(Path(part).read_bytes() for part in parts))
    fresh.chmod(0o600)
    fresh.replace(file)
