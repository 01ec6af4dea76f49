#!/usr/bin/env python3
"""A disk that cannot read one member: COPY names it in a 207 and copies the rest, MOVE elsewhere moves nothing."""
from faultdisk import *
from faultlib import *


def build(s, size):
    shutil.rmtree(s.path("tree"), ignore_errors=True)
    write_tree(s.path("tree"), 3, 3)
    s.write("tree/d001/bad", b"b" * size)


def copy(s, target, status, bad):
    whole = tree(s.path("tree"))
    answer = s.request("COPY", "/tree", {"Destination": "/" + target})
    same({href: found[0] for href, found in multistatus(answer).items()}, {"/tree/" + bad: status}, "what is named")
    eventually(lambda: not strays(s.root), "it is purged")
    there = tree(s.path(target))
    same({name: content for name, content in whole.items() if not name.startswith(bad.rstrip("/"))},
         {name: content for name, content in there.items() if not name.startswith(bad.rstrip("/"))}, "the rest")
    same([name for name in there if name == bad or name.startswith(bad.rstrip("/") + "/")], [], "what could not be read")
    shutil.rmtree(s.path(target))


on_ram()
with FaultyServer("--min-free", "0") as s:
    for size in (10, 500000):  # read, and copied by the kernel
        build(s, size)
        for error, status in ((errno.EIO, 500), (errno.EACCES, 403)):
            s.write("there/old", "old")
            s.arm(1, error, str(s.path("tree/d001/bad")), ("read",), persists=True)
            copy(s, "new", status, "d001/bad")
            copy(s, "there", status, "d001/bad")
            s.disarm()
    build(s, 10)
    s.arm(1, errno.EIO, str(s.path("tree/d001")), ("getdents",), persists=True)  # a whole folder
    copy(s, "new", 500, "d001/")
    same(len(propfind(s, "/tree/", "{DAV:}resourcetype", depth=1)), 4, "the listing above it")
    s.disarm()
    with disk("tmpfs", 8, s.path("mnt")):
        before = view(s.root)
        s.arm(1, errno.EIO, str(s.path("tree/d001/bad")), ("read",), persists=True)
        answer = s.request("MOVE", "/tree", {"Destination": "/mnt/new"})
        s.disarm()
        same({href: found[0] for href, found in multistatus(answer).items()}, {"/tree/d001/bad": 500})
        eventually(lambda: not strays(s.root), "it is purged")
        same(view(s.root), before, "after a MOVE that could not read all")
        same(s.request("MOVE", "/tree", {"Destination": "/mnt/new"}).status, 201)
        same(s.path("tree").exists(), False)
