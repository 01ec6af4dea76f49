#!/usr/bin/env python3
"""SIGHUP under load: no request fails, what is live is in force, what is not is named, an unsound file changes nothing."""
from holdfast import *

LIVE = "max-upload = 1000\nread-only = %s\n"
FIXED = "workers = %d\n"


def hup(s, part):
    """Sends it, and waits for the line that ends in `part` to come once more."""
    before = s.log().count(part)
    s.process.send_signal(signal.SIGHUP)
    eventually(lambda: s.log().count(part) > before, part)


with temporary() as t:
    config = t / "holdfast.conf"
    config.write_text(FIXED % 2 + LIVE % "no")
    with Server("--config", str(config), "--diagnostics") as s:
        again = "%s was read again" % config
        stop, done = threading.Event(), [0] * 4

        def worker(i):
            """Keeps one connection, and opens others."""
            name = "/file-%d" % i
            with s.connect() as kept:
                while not stop.is_set():
                    for where in (kept, s):
                        same(where.request("PUT", name, {}, b"x" * 100).status, (201, 204), "PUT")
                        same(where.request("GET", name).body, b"x" * 100, "GET")
                        same(where.request("PROPFIND", "/", {"Depth": "0"}).status, 207, "PROPFIND")
                    done[i] += 6

        def reloader():
            try:
                for round in range(20):
                    so_far = sum(done)
                    eventually(lambda: sum(done) >= so_far + 50 or stop.is_set(), "requests go on")
                    config.write_text(FIXED % (2 + round % 2) + LIVE.replace("1000", str(1000 + round)) % "no")
                    hup(s, again)
                config.write_text("workers = 2\nmax-upload = 50\nread-only = yes\nheartbeet = 1\n")
                hup(s, "%s:4: heartbeet: there is no such key; everything stays as it was" % config)
            finally:
                stop.set()

        parallel(5, lambda i: worker(i) if i < 4 else reloader())
        print("%d requests, none failed, over 21 reloads" % sum(done))
        same("--workers changed: that takes a restart" in s.log(), True, s.log())
        same("--max-upload changed" in s.log(), True, s.log())
        same(s.log().count("that takes a restart"), 10, "as often as it differed")

        # the file was unsound: as it was before
        same(s.request("PUT", "/large", {}, b"x" * 1019).status, 201)
        same(s.request("PUT", "/large", {}, b"x" * 1020).status, 413)

        # an operation under way goes on with what it began with
        slow = s.connect()
        slow.send(slow.head("PUT", "/slow", {"Transfer-Encoding": "chunked", "Expect": "100-continue"}))
        same(slow.response_head().status, 100, "the head was read")
        config.write_text(FIXED % 2 + (LIVE % "yes").replace("1000", "50"))
        hup(s, again)
        same(s.request("PUT", "/other", {}, b"x").status, 403, "read-only now")
        same("PUT" in s.request("OPTIONS", "/").get("allow"), False)
        slow.send(b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n")
        same(slow.response().status, 201, "begun before")
        slow.close()

        # what is not in the file any more is what it was without it
        config.write_text("")
        hup(s, again)
        same(s.request("PUT", "/large", {}, b"x" * 5000).status, 204)

        config.unlink()
        hup(s, "cannot read %s: No such file or directory; everything stays as it was" % config)
        s.alive()
