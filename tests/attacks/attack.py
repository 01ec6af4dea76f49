"""What the attacks have in common: how far they go, their figures, and pipelines of requests.

Each attack ends with one line of figures (`figures`), which SECURITY.md quotes from a long run. HOLDFAST_SOAK=1 makes
them long: `script/test --soak attacks`.
"""
import contextlib
import os
import resource
import shutil
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))
from holdfast import *
from holdfast import die_with_parent

LONG = bool(os.environ.get("HOLDFAST_SOAK"))
MIB = 1 << 20


def figures(**numbers):
    """The one line of an attack: what was tried, and what came of it."""
    print(", ".join("%s %s" % (name.replace("_", " "), "{:,}".format(n) if isinstance(n, int) else n)
                    for name, n in numbers.items()), flush=True)


def peak_mib(s):
    return round(s.memory_kib("VmHWM") / 1024, 1)


def descriptors(wanted):
    """May this process, and the server that it starts, have so many? Skips if not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, OSError):
            skip("%d descriptors are wanted, %d allowed" % (wanted, hard))
    elif soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def forked(work):
    """work() in a process of its own, until the end of the block or of this process."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent()
            work()
            status = 0
        finally:
            os._exit(status)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def request(method, target, headers="", body=None):
    """A request as bytes, from a client without a name: it gets no interim answers. headers: whole lines."""
    body = body.encode() if isinstance(body, str) else body
    if body is not None:
        headers += "Content-Length: %d\r\n" % len(body)
    return ("%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (method, target, headers)).encode() + (body or b"")


class Pipeline:
    """One connection after the other to a server that serves END at /end: many requests go at once, and what
    comes back is looked at as a whole. Takes no note of where an answer ends: every one has a date."""

    END = b"<this was the last answer>"

    def __init__(self, s):
        self.s, self.sock, self.answered = s, None, 0

    def open(self):
        self.sock = socket.create_connection((self.s.host, self.s.port), 60 * PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, requests):
        """Everything that was answered until the end, or until the server closed."""
        if not self.sock:
            self.open()
        said = bytearray()
        try:
            self.sock.sendall(b"".join(requests) + request("GET", "/end"))
            while not said.endswith(self.END):
                piece = self.sock.recv(1 << 18)
                if not piece:
                    raise ConnectionResetError
                said += piece
        except (ConnectionResetError, BrokenPipeError):
            self.sock.close()
            self.sock = None
        self.answered += max(0, said.count(b"\r\nDate: ") - said.endswith(self.END))
        return bytes(said)
