#!/usr/bin/env python3
"""What was answered 202 ends after kill -9 and a restart: under its id, once, whether it had been done or not."""
from longops import *

BEFORE = PUBLISHING
AFTER = "fsync=0"  # of the folder in which it was published, or from which it went


def restarted(s, gate=True):
    s.kill()
    if gate:
        s.open_gate()
    s.start()


def try_once(what, method, headers, slow, old, status, is_there=True):
    """Held at that call, killed, started: it ends with this status, as if nothing had happened."""
    with Held("--heartbeat", "30", slow=slow, match="slow" if slow == BEFORE else "root") as s:
        write_tree(s.path("slow"), 2, 3)
        whole = tree(s.path("slow"))
        if old:
            s.write("slow-there/old", "old")
        job = s.accepted(method, "/slow", headers)
        s.is_held()
        was_done = slow == AFTER
        inode = s.path("slow-there").stat().st_ino if was_done and is_there else None
        restarted(s)
        ended = s.ended(job)
        same((ended["result"]["status"], ended["state"], ended["id"]), (status, "succeeded", job.split("/")[-1]), what)
        same(ended["method"], method)
        same(ended["source"].rstrip("/"), "/slow")
        same([one["id"] for one in s.jobs()], [ended["id"]], what + ": in the list")
        if is_there:
            same(tree(s.path("slow-there")), whole, what + ": the destination")
            same(ended["destination"].rstrip("/"), "/slow-there")
        if inode:
            same(s.path("slow-there").stat().st_ino, inode, what + ": it is not done again")
        same(s.path("slow").exists(), method == "COPY", what + ": the source")
        again = s.request(method, "/slow", headers)  # whoever has lost the 202 asks so
        same(again.status, status, what + ": the same request again")
        if status == 201:
            same(again.get("location").rstrip("/"), "/slow-there")
        eventually(lambda: not strays(s.root), what + ": the purge")


TO = {"Destination": "/slow-there"}
for slow in (BEFORE, AFTER):
    when = "done" if slow == AFTER else "not done"
    for old in (False, True):
        try_once("COPY, %s" % when, "COPY", TO, slow, old, 204 if old else 201)
        try_once("MOVE, %s" % when, "MOVE", TO, slow, old, 204 if old else 201)
    try_once("DELETE, %s" % when, "DELETE", {}, slow, False, 204, is_there=False)

# Killed again and again while it runs; who asks meanwhile joins it.
with Held("--heartbeat", "30", "--workers", "1") as s:
    write_tree(s.path("slow"), 2, 3)
    whole = tree(s.path("slow"))
    first = s.accepted("COPY", "/slow", {"Destination": "/slow-a"})
    second = s.accepted("COPY", "/slow", {"Destination": "/slow-b"})  # waits behind it, or runs beside it
    for turn in range(3):
        restarted(s, gate=False)
        s.is_held()
        same({s.job(first)["state"], s.job(second)["state"]} <= {"running", "waiting"}, True)
        same(s.accepted("COPY", "/slow", {"Destination": "/slow-a"}), first, "the same request joins it")
        same({"slow-a", "slow-b"} & set(os.listdir(s.root)), set(), "nothing is published")
    s.open_gate()
    for job, name in ((first, "slow-a"), (second, "slow-b")):
        same(s.ended(job)["result"]["status"], 201)
        same(tree(s.path(name)), whole)

# Conditions and headers count as they did.
with Held("--heartbeat", "30") as s:
    s.write("slow.txt", "x")
    job = s.accepted("COPY", "/slow.txt", {"Destination": "/slow-new.txt", "Overwrite": "F", "X-OC-Mtime": "1234567890"})
    s.is_held()
    restarted(s)
    same(s.ended(job)["result"]["status"], 201)
    same(int(s.path("slow-new.txt").stat().st_mtime), 1234567890)

# What has changed meanwhile is nobody's to be overwritten.
for change in ("slow-there", "slow"):
    with Held("--heartbeat", "30") as s:
        s.write("slow", "x")
        s.write("slow-there", "old")
        job = s.accepted("COPY", "/slow", {"Destination": "/slow-there"})
        s.is_held()
        s.kill()
        s.write("new", "new")
        os.rename(s.path("new"), s.path(change))
        s.open_gate()
        s.start()
        ended = s.ended(job)
        same((ended["result"]["status"], ended["state"]), (409, "failed"))
        same("not done again" in ended["result"]["message"], True, ended["result"]["message"])
        same(s.read("slow-there"), b"new" if change == "slow-there" else b"old")

# An orderly stop is none for it: it goes on at the next start.
with Held("--heartbeat", "30", "--grace", "0.2", slow="copy_file_range=100,ficlone=100,sendfile=100,read=100", gate=False) as s:
    write_tree(s.path("slow"), 4, 10)
    whole = tree(s.path("slow"))
    job = s.accepted("COPY", "/slow", {"Destination": "/slow-there"})
    eventually(s.mark.exists, "it copies")
    s.stop()
    same(s.path("slow-there").exists(), False)
    s.slow = None
    s.start()
    same(s.ended(job)["result"]["status"], 201)
    same(tree(s.path("slow-there")), whole)
