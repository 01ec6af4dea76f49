#!/usr/bin/env python3
"""/.holdfast/health: 200 for anybody, 503 while stopping, and when the folder or the state cannot be used."""
import json

from faultdisk import *
from faultlib import *

PAGE = "/.holdfast/health"


def ask(where, status, word, **more):
    answer = where.request("GET", PAGE, **more)
    same((answer.status, json.loads(answer.body)), (status, {"status": word}))
    same(answer.get("content-type"), "application/json")
    same((answer.get("retry-after"), answer.get("cache-control")), (None if status == 200 else "5", "no-store"))


def becomes(s, status):
    eventually(lambda: s.request("GET", PAGE).status == status, "health is %d" % status)


with Server(users={"ann": "pw"}, slow="renameat2=1500", match="slow") as s:
    s.write("slow", "x")
    ask(s, 200, "ok")  # no password
    ask(s, 200, "ok", headers={"Authorization": "Basic bm90OmtIb3du", "X-Forwarded-For": "192.0.2.1"})
    same(s.request("HEAD", PAGE).status, 200)
    for method in ("PUT", "POST", "DELETE", "PROPFIND"):
        same((s.request(method, PAGE).status, s.request(method, PAGE).get("allow")), (405, "GET, HEAD, OPTIONS"), method)
    same(s.request("GET", PAGE + "x").status, 401)
    with s.connect() as waiting, s.connect() as asking:
        ask(asking, 200, "ok")
        waiting.start("MOVE", "/slow", {"Destination": "/moved", "Authorization": "Basic YW5uOnB3"})
        eventually(s.mark.exists, "the MOVE runs")
        s.process.send_signal(signal.SIGTERM)
        eventually(lambda: "stopping" in s.log(), "the stop has begun")
        ask(asking, 503, "stopping")
        same(waiting.response("MOVE").status, 201)
    same(s.wait(), 0)

# The state's disk does not take a change: from the one that fails, until one can be written again.
with FaultyServer() as s:
    ask(s, 200, "ok")
    s.arm(1, errno.EIO, match=str(s.state), persists=True, calls=("write", "sync", "open"))
    same(lock(s, "/file").status, (500, 507))
    becomes(s, 503)
    ask(s, 503, "failing")
    same(s.request("GET", PAGE).body.count(b"\n"), 1)
    s.disarm()
    becomes(s, 200)
    said = [line for line in s.log().splitlines() if "can be used" in line or "cannot be used" in line]
    same((len(said), str(s.root) in said[0], "Input/output" in said[0]), (2, True, True), "the operator knows more: %s" % said)

# The folder is taken away.
with Server() as s:
    s.root.rmdir()
    becomes(s, 503)
    s.root.mkdir()

# The folder's disk may not be written to: that is wrong unless it is meant so.
with temporary() as t, disk("ext4", 8, t / "disk") as d:
    for name in ("meant", "not"):
        (t / "disk" / name).mkdir()
    d.remount("ro")
    with Server("--read-only", root=t / "disk" / "meant") as meant, Server(root=t / "disk" / "not") as s:
        becomes(s, 503)
        ask(meant, 200, "ok")
        d.remount("rw")
        becomes(s, 200)
