#!/usr/bin/env python3
"""The users are read again and again while clients work: none of their requests fails."""
from base64 import b64encode

from holdfast import *

RELOADS, CLIENTS = 30, 16
with Server("--access-log", "off", users={"ann": "right"}) as s:
    s.write("a", "x")
    users, over = s.users_file(), threading.Event()
    line = users.read_text()
    headers = {"Authorization": "Basic " + b64encode(b"ann:right").decode()}

    def reload(users, line):
        for n in range(RELOADS):
            users.with_suffix(".new").write_text("new%d:x\n" % n + line)
            users.with_suffix(".new").rename(users)
            s.process.send_signal(signal.SIGHUP)
            eventually(lambda: s.log().count("read again") > n, "it was read")

    def work(i):
        if i == CLIENTS:
            try:
                reload(users, line)
            finally:
                over.set()
            return None
        count = 0
        with s.connect() as c:
            while not over.is_set():
                same(c.request("GET", "/a", headers).status, 200)
                count += 1
        return count

    same(s.request("GET", "/a", headers).status, 200)
    counts = parallel(CLIENTS + 1, work)[:CLIENTS]
    within(min(counts), 1, 10**9, "requests of a client")
    print("%d requests, %d reloads, none failed" % (sum(counts), RELOADS))
