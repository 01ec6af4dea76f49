"""How much memory the servers take, in MiB (proportional set size: pages shared with others count in parts)."""
import contextlib
import socket
import tempfile
import threading
import time
from pathlib import Path

from data import remove
from generators import NotDone
from listings import SOME, check_listing


@contextlib.contextmanager
def fresh_server(s, o):
    """Another one of the same kind that has done nothing yet."""
    folder = Path(tempfile.mkdtemp(dir=o.data))
    folder.chmod(0o755)
    fresh = type(s)(folder)
    try:
        fresh.start()
        yield fresh
    finally:
        fresh.stop()
        remove(folder)


def settle(s):
    """Until its memory has stayed the same for a while."""
    last = []
    for _ in range(50):
        last = (last + [s.pss_kib()])[-5:]
        if len(last) == 5 and max(last) - min(last) < 64:
            return
        time.sleep(0.05)


def at_rest(s, o):
    with fresh_server(s, o) as fresh:
        settle(fresh)
        return fresh.pss_kib() / 1024


def with_1000_connections(s, o):
    """All idle, each after one request."""
    with fresh_server(s, o) as fresh, contextlib.ExitStack() as connections:
        for i in range(1000):
            try:
                c = connections.enter_context(socket.create_connection(("127.0.0.1", fresh.port), 10))
                c.sendall(b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = c.recv(4096)
            except OSError as error:
                raise NotDone("at connection %d: %s" % (i, error.strerror or error))
            if not answer.startswith(b"HTTP/1.1 2"):
                raise NotDone("at connection %d: %s" % (i, answer[9:12].decode()))
        settle(fresh)
        return fresh.pss_kib() / 1024


def growth_while_listing(s, o):
    """By how much it grows while it lists the whole of the large tree."""
    settle(s)
    before, most, done = s.pss_kib(), 0, threading.Event()

    def watch():
        nonlocal most
        while not done.is_set():
            most = max(most, s.pss_kib())
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        check_listing(s, o, "infinity", "/huge/", SOME, 1 + 100 + o.huge)
    finally:
        done.set()
        thread.join()
    return max(0, most - before) / 1024
