"""A Holdfast of one's own for a test: started on a free port, checked and stopped at the end.

    from holdfast import *

    with Server("--heartbeat", "0.1", slow="renameat2=800") as s:
        s.write("a.txt", "hello")
        same(s.request("MOVE", "/a.txt", {"Destination": "/b.txt"}).status, 201)

The environment says which program to run (script/test sets it):
  HOLDFAST          the program; build/holdfast by default
  HOLDFAST_WRAP     what to put before it ("setarch -R")
  HOLDFAST_SLOW_LIB slow.so; HOLDFAST_PRELOAD what must be preloaded before it (a sanitizer's library)
  HOLDFAST_PATIENCE factor by which everything may take longer (sanitizers)
  HOLDFAST_SECURED  if not empty: with users and TLS (secured.py)
"""
import contextlib
import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import secured
from rawhttp import Closed, Connection, Response

__all__ = [
    "Closed", "Connection", "Path", "PATIENCE", "Response", "Server", "dav", "eventually", "fail",
    "hrefs", "lock", "lock_body", "lock_token", "multistatus", "os", "parallel", "program", "propfind", "proppatch",
    "re", "run_program", "same", "sanitized", "signal", "skip", "slow_lib", "strays", "subprocess", "sys",
    "temporary", "threading", "time", "tree", "within", "write_tree",
]

TOP = Path(__file__).resolve().parent.parent.parent
PATIENCE = float(os.environ.get("HOLDFAST_PATIENCE", "1"))
MARKS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:",
         "Assertion ", "assertion ")


def skip(why):
    print(why)
    sys.exit(77)


def fail(what):
    raise AssertionError(what)


def same(actual, wanted, what=""):
    """wanted may be a tuple of allowed values."""
    if actual != wanted and not (isinstance(wanted, tuple) and actual in wanted):
        fail("%s: got %r, want %r" % (what or "value", actual, wanted))


def within(actual, low, high, what=""):
    if not low <= actual <= high:
        fail("%s: got %r, want %r to %r" % (what or "value", actual, low, high))


def eventually(condition, what, seconds=15):
    """Waits for a condition to come true; fails if it does not."""
    end = time.monotonic() + seconds * PATIENCE
    while not condition():
        if time.monotonic() > end:
            fail("never happened: %s" % what)
        time.sleep(0.01)


def parallel(count, work):
    """Runs work(0), work(1), ... at once, in threads that start together; their results in order."""
    results, errors, gate = [None] * count, [], threading.Barrier(count)

    def one(i):
        try:
            gate.wait()
            results[i] = work(i)
        except BaseException as error:  # told to the test below
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@contextlib.contextmanager
def temporary():
    path = tempfile.mkdtemp(prefix="holdfast-test-")
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def program():
    path = os.environ.get("HOLDFAST", str(TOP / "build" / "holdfast"))
    if not os.access(path, os.X_OK):
        fail("there is no program at %s" % path)
    return shlex.split(os.environ.get("HOLDFAST_WRAP", "")) + [path]


def run_program(*arguments, stdin="", seconds=20, **more):
    """Runs it to its end; gives status, stdout, stderr."""
    done = subprocess.run(program() + list(arguments), input=stdin, capture_output=True, text=True,
                          timeout=seconds * PATIENCE, **more)
    return done.returncode, done.stdout, done.stderr


def slow_lib():
    path = os.environ.get("HOLDFAST_SLOW_LIB", str(TOP / "build" / "tests" / "slow.so"))
    if not os.path.exists(path):
        skip("no slow.so")
    return path


def sanitized():
    return bool(os.environ.get("HOLDFAST_PRELOAD"))


def strays(*folders):
    """Names of ours that lie about in these folders."""
    return [os.path.join(base, name)
            for folder in folders for base, dirs, files in os.walk(folder) for name in dirs + files
            if name.startswith(".holdfast")]


def tree(folder):
    """A folder as a dict: relative path -> content (None for a folder). What goes while it is read is not there."""
    folder, found = str(folder), {}
    for base, dirs, files in os.walk(folder):
        for name in dirs:
            found[os.path.relpath(os.path.join(base, name), folder)] = None
        for name in files:
            path = os.path.join(base, name)
            with contextlib.suppress(FileNotFoundError):
                found[os.path.relpath(path, folder)] = Path(path).read_bytes()
    return found


def write_tree(folder, folders, files, size=100):
    for i in range(folders):
        inner = Path(folder) / ("d%03d" % i)
        inner.mkdir(parents=True)
        for j in range(files):
            (inner / ("f%03d" % j)).write_bytes((b"%d/%d " % (i, j) * size)[:size])


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    """shares: {"one": "read-only = yes", "two": "prefix = /deep/two"} serves the folders one and two in root instead."""

    def __init__(self, *options, slow=None, match=None, gate=False, tls=False, users=None, root=None, state=None,
                 listen=("127.0.0.1:0",), shares=None):
        self.options, self.listen = list(options), listen
        self.tls = tls or secured.ASKED and not secured.has_any(options, secured.OWN_CERTIFICATE)
        self.slow, self.match, self.users = slow, match, users
        self.temp = Path(tempfile.mkdtemp(prefix="holdfast-test-"))
        self.root = Path(root) if root else self.temp / "root"
        self.state = Path(state) if state else self.temp / "state"
        self.gate = self.temp / "gate" if gate else None
        self.mark = self.temp / "mark"
        self.log_path = self.temp / "log"
        self.process = None
        self.root.mkdir(exist_ok=True)
        self.shares = shares or {}
        for name in self.shares:
            self.path(name).mkdir(exist_ok=True)

    # ---- life ----

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.cleanup()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind:
                self.tell()
            if self.process and self.process.poll() is None:
                if kind:
                    self.kill()
                else:
                    eventually(lambda: not strays(self.root), "what was deleted is purged")
                    self.stop()
            self.check_log()
            if not kind:
                same(strays(self.root), [], "strays after the stop")
        finally:
            self.cleanup()

    def cleanup(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.temp, ignore_errors=True)

    def tell(self):
        sys.stderr.write("---- log of the server\n" + "\n".join(self.log().splitlines()[-25:]) + "\n----\n")

    def environment(self):
        env = dict(os.environ)
        if self.slow:
            env["LD_PRELOAD"] = " ".join(filter(None, [os.environ.get("HOLDFAST_PRELOAD"), slow_lib()]))
            env["HOLDFAST_SLOW"] = self.slow
            env["HOLDFAST_SLOW_MARK"] = str(self.mark)
            if self.match:
                env["HOLDFAST_SLOW_MATCH"] = self.match
            if self.gate:
                env["HOLDFAST_SLOW_GATE"] = str(self.gate)
        return env

    def certificate(self):
        if secured.ASKED:
            return secured.certificate()
        cert, key = self.temp / "cert.pem", self.temp / "key.pem"
        if not cert.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
                           check=True, capture_output=True)
        return ["--tls-cert", str(cert), "--tls-key", str(key)]

    def users_file(self):
        path = self.temp / "users"
        if not path.exists():
            for name, password in self.users.items():
                same(run_program("passwd", str(path), name, stdin=password + "\n")[0], 0, "holdfast passwd")
        return path

    def is_tester(self):
        """Does the one user of secured.py ask?"""
        return secured.ASKED and not self.users and not secured.has_any(self.options, secured.OWN_USERS)

    def arguments(self):
        arguments = ["serve", "--state", str(self.state)]
        for address in self.listen:
            arguments += ["--listen", address]
        if self.tls:
            arguments += self.certificate()
        if self.users:
            arguments += ["--users", str(self.users_file())]
        elif self.is_tester():
            arguments += secured.users(self.options)
        return arguments + self.options + (["--config", str(self.config())] if self.shares else [str(self.root)])

    def config(self):
        path = self.temp / "holdfast.conf"
        path.write_text("".join("[share %s]\nroot = %s\n%s\n" % (name, self.path(name), lines)
                                for name, lines in self.shares.items()))
        return path

    def start(self):
        self.mark.unlink(missing_ok=True)
        arguments, environment = program() + self.arguments(), self.environment()
        if "LD_PRELOAD" in environment:  # such libraries have files of their own, and die when they like
            arguments.insert(arguments.index("serve") + 1, "--confine=off")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, text=True,
                                            stdin=subprocess.DEVNULL, env=environment,
                                            preexec_fn=die_with_parent)
        self.lines = []
        for _ in range(len(self.listen) * max(1, len(self.shares))):
            line = self.process.stdout.readline()
            if not line:
                self.tell()
                fail("the server did not start, status %r" % self.process.wait())
            self.lines.append(line.rstrip("\n"))
        self.addresses = []
        for line in self.lines[:len(self.listen)]:
            found = re.fullmatch(r"holdfast: serving (.*) at (https?)://(\[[0-9a-f:.]+\]|[^:/]+):(\d+)/.*", line)
            if not found:
                fail("not the line that says where it serves: %r" % line)
            self.addresses.append((found[3].strip("[]"), int(found[4])))
        self.host, self.port = self.addresses[0]
        self.url = "%s://%s:%d" % ("https" if self.tls else "http", self.host, self.port)

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            fail("the server did not end within %s s" % (seconds * PATIENCE))

    def stop(self, seconds=20):
        """An orderly stop; it must end with status 0."""
        self.process.send_signal(signal.SIGTERM)
        status = self.wait(seconds)
        if status:
            self.tell()
        same(status, 0, "exit status after SIGTERM")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def check_log(self):
        for mark in MARKS + (secured.SECRETS if self.is_tester() else ()):
            if mark in self.log():
                at = self.log().index(mark)
                fail("in the server's log:\n" + self.log()[max(0, at - 200):at + 3000])

    def memory_kib(self, what="VmRSS"):
        text = Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"%s:\s+(\d+)" % what, text)[1])

    # ---- files ----

    def path(self, name):
        return self.root / name

    def write(self, name, content=""):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name):
        return self.path(name).read_bytes()

    # ---- requests ----

    def connect(self, timeout=30, at=None, **more):
        """at: another address than the first, as a pair; more: see Connection."""
        host, port = at or (self.host, self.port)
        tls, login = self.tls, None
        if self.is_tester():
            login = None if secured.is_by_certificate() else secured.LOGIN
            tls = secured.client_context() if tls and not login else tls
        return Connection(host, port, tls=tls, timeout=timeout * PATIENCE, login=login, **more)

    def request(self, method, target, headers=(), body=None, **more):
        with self.connect() as connection:
            return connection.request(method, target, headers, body, **more)

    def alive(self):
        """Does it still answer?"""
        same(self.request("OPTIONS", "/").status, (200, 204), "OPTIONS / afterwards")


# ---- WebDAV ----

DAV = "{DAV:}"


def dav(name):
    return DAV + name


def multistatus(answer):
    """A 207 as a dict: href -> (status or None, {property name: (status, element)})."""
    same(answer.status, 207, "status")
    found = {}
    for response in ElementTree.fromstring(answer.body).findall(DAV + "response"):
        status, props = response.findtext(DAV + "status"), {}
        for propstat in response.findall(DAV + "propstat"):
            code = int(propstat.findtext(DAV + "status").split()[1])
            for prop in propstat.find(DAV + "prop"):
                props[prop.tag] = (code, prop)
        for href in response.findall(DAV + "href"):
            found[href.text] = (int(status.split()[1]) if status else None, props)
    return found


def hrefs(answer):
    return sorted(multistatus(answer))


def propfind(where, target, *names, depth=0, headers=()):
    """PROPFIND through a Server or Connection; names as "{ns}name", none = allprop. The answer's dict."""
    body = None
    if names:
        inner = "".join('<p:%s xmlns:p="%s"/>' % (n.split("}")[1], n.split("}")[0][1:]) for n in names)
        body = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>%s</D:prop></D:propfind>' % inner
    return multistatus(where.request("PROPFIND", target, {"Depth": str(depth), **dict(headers)}, body))


def proppatch(where, target, inner, headers=()):
    """inner: the content of propertyupdate, with D: for DAV:."""
    body = '<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:">%s</D:propertyupdate>' % inner
    return where.request("PROPPATCH", target, headers, body)


def lock_body(scope="exclusive", owner="<D:href>me</D:href>"):
    return ('<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:%s/></D:lockscope>'
            "<D:locktype><D:write/></D:locktype><D:owner>%s</D:owner></D:lockinfo>" % (scope, owner))


def lock(where, target, scope="exclusive", headers=(), owner="<D:href>me</D:href>"):
    return where.request("LOCK", target, headers, lock_body(scope, owner))


def lock_token(answer):
    """The token of a LOCK answer, without its brackets."""
    same(answer.status, (200, 201), "LOCK")
    return answer.get("lock-token").strip("<>")


def terminated(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # timeout(1) sends it twice; once is enough to clean up
    sys.exit(143)


if secured.skipped(sys.argv[0]):
    skip(secured.skipped(sys.argv[0]))

# A timeout of the runner must not leave servers and folders behind.
signal.signal(signal.SIGTERM, terminated)
