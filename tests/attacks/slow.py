#!/usr/bin/env python3
"""A thousand clients that send a head, and a thousand that send a body, a byte a second; a thousand that read their answer
not at all; ten thousand that hold a connection and ask nothing. Others are served as if they were not there, and the slow
ones are sent away."""
import select

from attack import *

SLOW = 1000
IDLE = 10_000
TIMEOUT = 7
OTHERS = 200
descriptors(2 * IDLE)


def open_many(s, count, first):
    """That many connections on which `first` was sent; in small steps, so that the kernel's queue holds them."""
    found = []
    for i in range(count):
        found.append(socket.create_connection((s.host, s.port), 60 * PATIENCE))
        if first:
            found[-1].sendall(first(i))
    return found


class Drip:
    """Sends a byte a second on each, and notes how each ends."""

    def __init__(self, socks):
        self.socks, self.said, self.open = {sock.fileno(): sock for sock in socks}, {}, len(socks)
        self.poll = select.epoll()
        for fd in self.socks:
            self.poll.register(fd, select.EPOLLIN | select.EPOLLRDHUP)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def listen(self, seconds):
        """What they are told, until then."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for fd, _ in self.poll.poll(max(0, until - time.monotonic())):
                try:
                    piece = self.socks[fd].recv(4096)
                except OSError:
                    piece = b""
                self.said[fd] = self.said.get(fd, b"") + piece
                if not piece:
                    self.poll.unregister(fd)
                    self.socks.pop(fd).close()
                    self.open = len(self.socks)

    def run(self):
        while self.socks:
            for sock in list(self.socks.values()):
                with contextlib.suppress(OSError):
                    sock.send(b"x")
            self.listen(1)


def serve(s):
    """What others ask for meanwhile, each on a connection of its own; how long each took."""
    took = []
    for i in range(OTHERS):
        began = time.monotonic()
        with s.connect() as c:
            if i % 4 == 0:
                same(c.request("PUT", "/put%d" % i, {}, b"x" * 1000).status, (201, 204))
            elif i % 4 == 1:
                same(c.request("GET", "/f").body, b"content")
            elif i % 4 == 2:
                same(c.request("PROPFIND", "/", {"Depth": "0"}).status, 207)
            else:
                same(c.request("MOVE", "/put%d" % (i - 3), {"Destination": "/moved%d" % i}).status, (201, 204))
        took.append(time.monotonic() - began)
    took.sort()
    return {"median_ms": round(took[OTHERS // 2] * 1000, 2), "longest_ms": round(took[-1] * 1000, 1)}


def descriptors_of(s):
    return len(os.listdir("/proc/%d/fd" % s.process.pid))


def dripping(s):
    before = s.memory_kib()
    heads = open_many(s, SLOW, lambda i: b"GET /f HTTP/1.1\r\nHost: a\r\nX: ")
    bodies = open_many(s, SLOW, lambda i: request("PUT", "/never%d" % i, "Content-Length: 100000\r\n"))
    drip = Drip(heads + bodies)
    took = serve(s)
    same(drip.open, 2 * SLOW, "slow clients that were there all the time")
    memory = s.memory_kib() - before
    eventually(lambda: not drip.socks, "each of them is sent away", 4 * TIMEOUT)
    same(sum(said.startswith(b"HTTP/1.1 408 ") for said in drip.said.values()), 2 * SLOW, "told why")
    same([name for name in os.listdir(s.root) if name.startswith("never")], [], "what they sent")
    figures(slow_heads=SLOW, slow_bodies=SLOW, served_meanwhile=OTHERS, **took, KiB_each=round(memory / 2 / SLOW, 1), sent_away=2 * SLOW)


def not_reading(s):
    """The answer is larger than what the kernel takes for them; they do not read it, and are ended as idle."""
    s.write("large", b"x" * (16 << 20))
    before = s.memory_kib()
    socks = open_many(s, SLOW, lambda i: request("GET", "/large"))
    took = serve(s)
    same(descriptors_of(s) > SLOW, True, "they were there all the time")
    memory = s.memory_kib() - before
    eventually(lambda: descriptors_of(s) < 100, "each is sent away", 4 * TIMEOUT)
    figures(not_reading=SLOW, served_meanwhile=OTHERS, **took, KiB_each=round(memory / SLOW, 1), sent_away=SLOW)
    for sock in socks:
        sock.close()


def idle(s):
    before = s.memory_kib()
    socks = open_many(s, IDLE, lambda i: request("GET", "/f"))
    for sock in socks:
        same(b"content" in sock.recv(4096), True, "each was served once")
    took = serve(s)
    memory = s.memory_kib() - before
    for sock in socks[::100]:
        sock.sendall(request("GET", "/f"))
        same(b"content" in sock.recv(4096), True, "and is again")
    figures(idle=IDLE, served_meanwhile=OTHERS, **took, KiB_each=round(memory / IDLE, 1), peak_MiB=peak_mib(s))
    for sock in socks:
        sock.close()


OPTIONS = ["--durability", "relaxed", "--max-connections", str(IDLE + 1000), "--log-level", "error", "--workers", "2"]
with Server(*OPTIONS, "--head-timeout", str(TIMEOUT)) as s:
    s.write("f", "content")
    figures(nobody_slow=0, served=OTHERS, **serve(s))
    dripping(s)
    idle(s)
    s.alive()
with Server(*OPTIONS, "--idle-timeout", "3") as s:
    s.write("f", "content")
    not_reading(s)
    s.alive()
