#!/usr/bin/env python3
"""kill -9 during a MOVE to another file system: before it is published nothing was moved, afterwards all was."""
from holdfast import *

# Where it is killed: (tree?, published?) -> the call and the name at which it waits. The first rename of all only
# finds out that the file systems differ.
GATES = {
    (False, False): ("linkat=0", "/mnt"),
    (True, False): ("renameat2=0", ".holdfast-"),
    (False, True): ("unlinkat=0", "slow"),  # the source is about to go
    (True, True): ("fsync=0", "/mnt"),  # the sync of the folder in which it was published
}
REMOVAL = ("unlinkat=0,renameat2=0", "slow")


def start_and_kill(s):
    """The next start, killed while it puts things right."""
    s.mark.unlink(missing_ok=True)
    before = s.process
    thread = threading.Thread(target=lambda: ignore_the_kill(s.start))
    thread.start()
    eventually(lambda: s.process is not before and (s.mark.exists() or not thread.is_alive()), "the recovery")
    met = s.mark.exists()
    s.kill()
    thread.join()
    return met


def ignore_the_kill(work):
    try:
        work()
    except AssertionError:
        pass  # it was killed before it said where it serves


def mount(path):
    path.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(path)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())


def build(s, is_tree, old):
    """The source and the destination as they are to be, or not."""
    if is_tree:
        write_tree(s.path("slow"), 2, 3)
    else:
        s.write("slow", "content")
    if old:
        s.write("mnt/there" + ("/old" if is_tree else ""), "old")


def look(s, name):
    path = s.path(name)
    return tree(path) if path.is_dir() else path.read_bytes() if path.exists() else None


def try_once(is_tree, published, old, kills):
    what = "%s, %s, %s" % ("tree" if is_tree else "file", "over another" if old else "to a free name",
                           "published" if published else "not published")
    slow, match = GATES[is_tree, published]
    with Server("--min-free", "0", slow=slow, match=match, gate=True) as s:
        mount(s.path("mnt"))
        try:
            build(s, is_tree, old)
            source, dest = look(s, "slow"), look(s, "mnt/there")
            c = s.connect()
            c.start("MOVE", "/slow", {"Destination": "/mnt/there"})
            eventually(s.mark.exists, what)
            s.kill()
            now = source if published else dest
            same(look(s, "mnt/there"), now, what + ": the destination when killed")
            same(look(s, "slow"), source, what + ": the source when killed")
            s.slow, s.match = REMOVAL
            for _ in range(kills):
                same(start_and_kill(s), published, what + ": recovery removes the source")
                same((look(s, "slow"), look(s, "mnt/there")), (source, now), what + ": when killed again")
            s.slow = None
            s.start()
            same(look(s, "mnt/there"), now, what + ": the destination")
            same(look(s, "slow"), None if published else source, what + ": the source")
            if not published:
                same(s.request("MOVE", "/slow", {"Destination": "/mnt/there"}).status, 204 if old else 201)
            same((look(s, "mnt/there"), look(s, "slow")), (source, None), what + ": moved")
            eventually(lambda: not strays(s.root), "the purge")
        finally:
            subprocess.run(["umount", "-l", str(s.path("mnt"))], check=True)


for is_tree in (False, True):
    for old in (False, True):
        try_once(is_tree, False, old, 1)
        try_once(is_tree, True, old, 2)

# What was changed between the crash and the next start is nobody's to remove.
for change in ("d000/f000", "d001/new"):
    slow, match = GATES[True, True]
    with Server("--min-free", "0", slow=slow, match=match, gate=True) as s:
        mount(s.path("mnt"))
        try:
            build(s, True, False)
            c = s.connect()
            c.start("MOVE", "/slow", {"Destination": "/mnt/there"})
            eventually(s.mark.exists, "it is published")
            s.kill()
            s.write("slow/" + change, "changed")
            source, dest = look(s, "slow"), look(s, "mnt/there")
            s.slow = None
            for _ in range(2):
                s.start()
                same((look(s, "slow"), look(s, "mnt/there")), (source, dest), "both are there")
                s.stop()
            same("could not be put right" in s.log(), True, "the log says so")
            s.start()
        finally:
            subprocess.run(["umount", "-l", str(s.path("mnt"))], check=True)
