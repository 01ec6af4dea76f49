#!/usr/bin/env python3
"""The disk of the state database is full: what must be noted there first is refused with 507, and nothing has changed."""
from faultdisk import *
from faultlib import *

REQUESTS = (
    ("COPY", "/tree", {"Destination": "/d/new"}, None, 201),
    ("COPY", "/tree", {"Destination": "/other"}, None, 204),
    ("MOVE", "/tree", {"Destination": "/other"}, None, 204),
    ("DELETE", "/tree", {}, None, 204),
    ("PUT", "/d/file", {}, b"new", 204),
)


def build(s):
    s.write("d/file", "old")
    s.write("other/x", "X")
    s.write("tree/a", "A")


def changes(s, d):
    """Each on a server whose journal knows no folder yet."""
    for method, target, headers, body, wanted in REQUESTS:
        shutil.rmtree(s.root, ignore_errors=True)
        s.root.mkdir()
        build(s)
        before = view(s.root)
        s.start()
        d.fill()
        answer = s.request(method, target, headers, body)
        same(answer.status, 507, "%s %r: %r" % (method, headers, answer))
        same((view(s.root), strays(s.root)), (before, []), "%s %r" % (method, headers))
        d.free()
        same(s.request(method, target, headers, body).status, wanted, "%s %r, room again" % (method, headers))
        eventually(lambda: not strays(s.root), "it is purged")
        s.stop()


def locks(s, d):
    """Until there is no room for one more. Those that were granted hold, also after a restart."""
    s.start()
    held = {"/a": lock_token(lock(s, "/a"))}
    d.fill(leave=60000)
    for i in range(200):
        answer = lock(s, "/lock%d" % i)
        if answer.status != 201:
            break
        held["/lock%d" % i] = lock_token(answer)
    same(answer.status, 507, "a LOCK without room: %r" % answer)
    same(s.request("PUT", "/lock%d" % i, {}, b"free").status, 201, "it has left no lock, and no file")
    for path in held:
        same(s.request("PUT", path, {}, b"x").status, 423, path)
    s.kill()
    d.free()
    s.start()
    for path, token in held.items():
        same(s.request("PUT", path, {}, b"x").status, 423, path + " after the restart")
        same(s.request("UNLOCK", path, {"Lock-Token": "<%s>" % token}).status, 204, path)
    same(lock(s, "/lock%d" % i).status, 200, "room again")
    return len(held)


on_ram()
for kind in KINDS:
    for durability in ("full", "relaxed"):
        s = FaultyServer("--durability", durability)
        s.state = s.temp / "disk" / "state"
        try:
            with disk(kind, 4, s.temp / "disk") as d:
                changes(s, d)
                print("%s, %s: %d locks were granted" % (kind, durability, locks(s, d)))
                s.stop()
        except BaseException:
            s.tell()
            raise
        finally:
            s.cleanup()
