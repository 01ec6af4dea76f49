#!/usr/bin/env python3
"""Whatever becomes of a file or folder while it is copied or purged: nothing from outside comes in, nothing outside is
touched, nothing hangs, and the rest arrives."""
import shutil

from holdfast import *

SECRET = b"SECRET of somebody else"
BIG = b"v" * 3000000


def outside(s):
    folder = s.temp / "outside"
    folder.mkdir(exist_ok=True)
    (folder / "secret").write_bytes(SECRET)
    return folder


def build(s):
    for entry in ("tree", "there", "new", "away"):
        shutil.rmtree(s.path(entry), ignore_errors=True)
    for name in ("a", "victim", "z", "folder/inner", "folder/more"):
        s.write("tree/" + name, name)
    s.write("tree/large", BIG)
    s.write("there/old", "old")


def becomes_link_out(s, path):
    replace(path, lambda: os.symlink(outside(s) / "secret", path))


def becomes_link_in(s, path):
    replace(path, lambda: os.symlink("a", path))


def becomes_link_to_folder(s, path):
    replace(path, lambda: os.symlink(outside(s), path))


def becomes_fifo(s, path):
    replace(path, lambda: os.mkfifo(path))


def becomes_folder(s, path):
    replace(path, path.mkdir)


def becomes_file(s, path):
    replace(path, lambda: path.write_bytes(b"file"))


def vanishes(s, path):
    replace(path, lambda: None)


def is_renamed(s, path):
    path.rename(path.with_name("renamed"))


def shrinks(s, path):
    os.truncate(path, 1000000)


def grows(s, path):
    with open(path, "ab") as file:
        file.write(b"more" * 1000)


def replace(path, make):
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    make()


# what is held, at whose name, what becomes of it meanwhile
CHANGES = (
    [("openat", "tree/victim", change) for change in
     (becomes_link_out, becomes_link_in, becomes_link_to_folder, becomes_fifo, becomes_folder, vanishes, is_renamed)] +
    [("openat", "tree/folder", change) for change in
     (becomes_link_out, becomes_link_to_folder, becomes_fifo, becomes_file, vanishes, is_renamed)] +
    [("copy_file_range", "tree/large", change) for change in
     (shrinks, grows, becomes_link_out, vanishes, becomes_folder, is_renamed)])


def hold(s, call, match):
    """The server anew, resting before that call on that name."""
    if s.process:
        s.stop()
    s.gate = s.temp / "gate"
    s.gate.unlink(missing_ok=True)
    s.slow, s.match = "%s=0" % call, match
    s.start()


def check_copy(s, target, name, answer, what):
    same(answer.status, (201, 204, 207), what)
    found = tree(s.path(target))
    same([path for path, content in found.items() if content and SECRET in content], [], what + ": from outside")
    for path in ("a", "victim", "z", "folder/inner", "folder/more", "large"):
        if path.split("/")[0] != name:
            same(found.get(path), BIG if path == "large" else path.encode(), "%s: %s" % (what, path))
    if answer.status == 207:
        same([href for href in hrefs(answer) if not href.startswith("/tree/" + name)], [], what + ": what is named")


def copying():
    with Server(slow="openat=0") as s:
        for call, path, change in CHANGES:
            for target in ("new", "there"):
                build(s)
                name = path.split("/")[1]
                what = "COPY to %s, %s %s" % (target, name, change.__name__)
                hold(s, call, name)
                with s.connect() as c:
                    c.start("COPY", "/tree", {"Destination": "/" + target})
                    eventually(s.mark.exists, what)
                    change(s, s.path(path))
                    s.gate.touch()
                    check_copy(s, target, name, c.response("COPY"), what)
                eventually(lambda: not strays(s.root), "it is purged; " + what)
                same((outside(s) / "secret").read_bytes(), SECRET, what)


def purging():
    """What lies in the trash is changed by somebody: what it leads to is not removed."""
    with Server(slow="openat=0") as s:
        for change in (becomes_link_to_folder, becomes_link_out, becomes_fifo, vanishes, is_renamed):
            build(s)
            hold(s, "openat", "folder")
            same(s.request("DELETE", "/tree").status, 204)
            eventually(s.mark.exists, "the purge has begun")
            (trash,) = [path for path in s.root.iterdir() if path.name.startswith(".holdfast-")]
            change(s, trash / "folder")
            s.gate.touch()
            eventually(lambda: not strays(s.root), "it is purged, %s" % change.__name__)
            same((outside(s) / "secret").read_bytes(), SECRET, "purge, %s" % change.__name__)


copying()
purging()
