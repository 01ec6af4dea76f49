#!/usr/bin/env python3
"""A state database whose disk is full: what needs it is refused, and all is as before."""
from holdfast import *


def mount(path, options):
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())


def fill(path):
    with open(path / "ballast", "wb", buffering=0) as f:
        try:
            while f.write(b"x" * 4096):
                pass
        except OSError:
            pass


def refuse(s, method, target, headers=(), body=None):
    before = tree(s.root)
    answer = s.request(method, target, headers, body)
    same(answer.status, 507, "%s %s" % (method, target))
    eventually(lambda: not strays(s.root), "nothing of ours")
    same(tree(s.root), before, "after %s %s" % (method, target))


def check(s):
    refuse(s, "COPY", "/dir", {"Destination": "/a/new"})
    refuse(s, "COPY", "/dir", {"Destination": "/b/dir"})
    refuse(s, "DELETE", "/c/dir")
    refuse(s, "MOVE", "/dir", {"Destination": "/b/dir"})
    refuse(s, "MOVE", "/file", {"Destination": "/mnt/file"})
    refuse(s, "MOVE", "/dir", {"Destination": "/mnt/dir"})
    refuse(s, "PUT", "/d/old", {}, "new")
    refuse(s, "LOCK", "/file", {}, lock_body())
    same(s.request("GET", "/file").body, b"content", "reading goes on")
    same(s.request("PROPFIND", "/", {"Depth": "1"}).status, 207)


with temporary() as t:
    (t / "state").mkdir()
    (t / "root").mkdir()
    (t / "root" / "mnt").mkdir()
    mount(t / "state", "size=256k")
    mount(t / "root" / "mnt", "size=8m")
    try:
        with Server("--min-free", "0", root=t / "root", state=t / "state") as s:
            for name in ("dir/m", "b/dir/old", "c/dir/old", "d/old", "file"):
                s.write(name, "content")
            s.path("a").mkdir()
            fill(t / "state")
            check(s)
            (t / "state" / "ballast").unlink()
            same(s.request("MOVE", "/dir", {"Destination": "/mnt/dir"}).status, 201, "there is room again")
            same(s.request("COPY", "/mnt/dir", {"Destination": "/dir"}).status, 201)
            same(s.request("DELETE", "/mnt/dir").status, 204)
            lock_token(lock(s, "/file"))
            eventually(lambda: not strays(s.root), "the purge")
            s.stop()
            s.start()
            same(len(propfind(s, "/file", dav("lockdiscovery"))), 1, "it is sound")
            same(s.request("PUT", "/file", {}, "x").status, 423, "and the lock is there")
    finally:
        for name in ("state", "root/mnt"):
            subprocess.run(["umount", "-l", str(t / name)], check=True)
