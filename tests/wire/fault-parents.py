#!/usr/bin/env python3
"""A folder is renamed, replaced or taken out of the served one by somebody else while something is made in it: 409,
nothing appears anywhere, and nothing of ours is left in it."""
import shutil

from holdfast import *


def renamed(s):
    s.path("d").rename(s.path("e"))


def replaced(s):
    s.path("d").rename(s.path("e"))
    s.path("d").mkdir()
    s.write("d/f", "another")


def linked(s):
    s.path("d").rename(s.path("e"))
    os.symlink("other", s.path("d"))


def taken_out(s):
    s.path("d").rename(s.temp / "out")


def removed(s):
    shutil.rmtree(s.path("d"))


CHANGES = (renamed, replaced, linked, taken_out, removed)


def build(s):
    for entry in ("d", "e", "other", "tree"):
        path = s.path(entry)
        path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(s.temp / "out", ignore_errors=True)
    s.write("d/f", "old")
    s.write("d/sub/x", "X")
    s.write("other/f", "other's")
    write_tree(s.path("tree"), 2, 3)


def everything(s):
    found = {("in", path): content for path, content in tree(s.root).items()}
    found.update({("out", path): content for path, content in tree(s.temp / "out").items()})
    return found


def check(s, change, answer, wanted, what):
    """wanted: what there was after the change."""
    if answer.status != 409 and not (change is linked and answer.status == 403):
        fail("%s: %r" % (what, answer))
    eventually(lambda: not strays(s.root, s.temp / "out"), "nothing of ours is left; " + what)
    same(everything(s), wanted, what)


def uploads(s):
    for target in ("/d/new", "/d/f"):
        for change in CHANGES:
            build(s)
            with s.connect() as c:
                c.send(c.head("PUT", target, {"Content-Length": "200000"}) + b"n" * 100000)
                eventually(lambda: has_open(s), "the upload has begun")
                change(s)
                wanted = everything(s)
                c.send(b"n" * 100000)
                check(s, change, c.response("PUT"), wanted, "PUT %s, %s" % (target, change.__name__))


def has_open(s):
    """The unnamed file of an upload."""
    folder = "/proc/%d/fd" % s.process.pid
    for fd in os.listdir(folder):
        try:
            if "/#" in os.readlink(os.path.join(folder, fd)):
                return True
        except OSError:
            pass
    return False


def copies(s):
    for target in ("/d/new", "/d/f", "/d/sub"):
        for change in CHANGES:
            build(s)
            s.mark.unlink(missing_ok=True)
            s.gate.unlink(missing_ok=True)
            with s.connect() as c:
                c.start("COPY", "/tree", {"Destination": target})
                eventually(s.mark.exists, "the COPY has begun")
                change_all(s, change)
                wanted = {key: content for key, content in everything(s).items() if ".holdfast-" not in key[1]}
                s.gate.touch()
                check(s, change, c.response("COPY"), wanted, "COPY to %s, %s" % (target, change.__name__))


def change_all(s, change):
    """A folder in which we are at work may be filled while it is removed."""
    while True:
        try:
            return change(s)
        except OSError:
            pass


with Server() as s:
    uploads(s)
with Server(slow="copy_file_range=0,read=0", match="/tree/", gate=True) as s:
    copies(s)
