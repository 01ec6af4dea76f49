#!/usr/bin/env python3
"""Somebody exchanges folders for links that lead out, and folders of different depth, as fast as the kernel can, while
every method asks for what is behind them: nothing outside is read, and nothing outside changes."""
import ctypes
import itertools
import mmap
import random
import struct

from attack import *

TRIES = 1_000_000 if LONG else 15_000
CLIENTS = 4
BATCH = 40
OUTSIDE = b"<nobody may read this>"
NAME = "name-outside"  # nobody asks for it, so that only a listing can tell it
SIZE = 1234567
TELLTALES = (OUTSIDE, NAME.encode(), b">%d<" % SIZE, b"Content-Length: %d\r" % SIZE)
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def fill(folder, text):
    (folder / "sub").mkdir(parents=True)
    for name in ("f", "sub/g"):
        (folder / name).write_bytes(text)


def build(t, root):
    """The pairs that change places."""
    outside = t / "outside"
    fill(outside, (OUTSIDE * SIZE)[:SIZE])
    (outside / NAME).mkdir()
    (outside / "sub" / NAME).write_text("")
    os.setxattr(outside / "f", "user.kept", b"1")
    (root / "end").write_bytes(Pipeline.END)
    fill(root / "seed", b"seed")
    (root / "out").mkdir()
    # a folder and a link, relative and absolute, in a folder and in a tree
    for name, text in (("swap", "../outside"), ("far/swap", str(outside)), ("tree/in/swap", "../../../outside")):
        fill(root / name, b"inside")
        (root / name).with_name("twin").symlink_to(text)
    # a file and a link
    (root / "file").write_text("inside")
    (root / "filetwin").symlink_to("../outside/f")
    # a link that stays inside where it is, and leads out from where its folder goes
    fill(root / "deep/er/folder", b"inside")
    fill(root / "deep/outside", b"inside")
    (root / "deep/er/folder/climb").symlink_to("../../outside")
    fill(root / "shallow", b"inside")
    (root / "shallow/climb").symlink_to("../seed")
    return [("swap", "twin"), ("far/swap", "far/twin"), ("tree/in/swap", "tree/in/twin"), ("file", "filetwin"),
            ("deep/er/folder", "shallow"), ("victim/in/swap", "victim/in/twin"), ("victim/in", "victim/other")]


def make_victim(t, root):
    """A tree to be removed and moved, with a pair in it; comes again when it is gone."""
    made = t / "made"
    fill(made / "in/swap", b"inside")
    (made / "in/twin").symlink_to("../../../outside")
    (made / "other").symlink_to("../../outside")
    try:
        made.rename(root / "victim")
    except OSError:
        return  # it is there, with something in it
    finally:
        shutil.rmtree(made, ignore_errors=True)


def swapper(t, root, pairs, counter):
    """Never ends."""
    renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    pairs = [tuple(os.fsencode(root / name) for name in pair) for pair in pairs]
    done = 0
    for turn in itertools.count():
        for one, other in pairs:
            done += renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0
        if not turn % 50 and not (root / "victim").exists():
            make_victim(t, root)
        struct.pack_into("=Q", counter, 0, done)


def snapshot(folder):
    """Everything that could have been changed, the time of the last change among it."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        st = path.lstat()
        found[path] = (st.st_mode, st.st_ino, st.st_nlink, st.st_size, st.st_mtime_ns, st.st_ctime_ns,
                       [(name, os.getxattr(path, name, follow_symlinks=False))
                        for name in os.listxattr(path, follow_symlinks=False)],
                       path.read_bytes() if path.is_file() else None)
    return found


PLACES = ("swap", "twin", "far/swap", "far/twin", "tree/in/swap", "tree/in/twin", "deep/er/folder/climb", "shallow/climb",
          "victim/in/swap", "victim/in/twin", "victim/other/swap")
PROPERTY = ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="u:">1</x></D:prop></D:set>'
            '</D:propertyupdate>')


def to(target):
    return "Destination: /%s\r\nIf: (Not <urn:%d>)\r\n" % (target, random.getrandbits(40))


def reads(p):
    return [request("GET", "/%s/f" % p), request("GET", "/%s/sub/g" % p), request("GET", "/%s/" % p),
            request("HEAD", "/%s/f" % p), request("PROPFIND", "/%s" % p, "Depth: 1\r\n"),
            request("PROPFIND", "/%s/f" % p, "Depth: 0\r\n"), request("PROPFIND", "/%s/sub" % p, "Depth: infinity\r\n"),
            request("OPTIONS", "/%s/f" % p)]


def writes(p, n):
    return [request("PUT", "/%s/f" % p, "", "inside"), request("PUT", "/%s/new%d" % (p, n), "", "new"),
            request("PUT", "/%s/sub/new" % p, "", "new"), request("MKCOL", "/%s/folder%d" % (p, n)),
            request("DELETE", "/%s/new%d" % (p, n)), request("DELETE", "/%s/folder%d" % (p, n)),
            request("DELETE", "/%s/sub/new" % p), request("PROPPATCH", "/%s/f" % p, "", PROPERTY),
            request("PROPPATCH", "/%s/sub" % p, "", PROPERTY),
            request("LOCK", "/%s/lock%d" % (p, n), "Timeout: Second-1\r\n", lock_body()),
            request("COPY", "/%s/f" % p, to("out/got%d" % n)), request("COPY", "/seed/f", to("%s/planted" % p)),
            request("MOVE", "/%s/f" % p, to("%s/moved" % p)), request("MOVE", "/%s/moved" % p, to("%s/f" % p))]


def trees(p, n):
    return [request("COPY", "/%s/" % p, to("out/tree%d" % n)), request("COPY", "/seed/", to("%s/tree" % p)),
            request("COPY", "/tree/", to("out/whole%d" % n)), request("MOVE", "/%s/tree" % p, to("out/moved%d" % n)),
            request("MOVE", "/out/moved%d" % n, to("%s/tree" % p)), request("DELETE", "/%s/tree" % p),
            request("COPY", "/victim/", to("out/copied%d" % n)), request("PROPFIND", "/tree", "Depth: infinity\r\n"),
            request("MOVE", "/victim", to("out/victim%d" % n)), request("DELETE", "/out/victim%d" % n),
            request("DELETE", "/victim"), request("DELETE", "/out/tree%d" % n), request("GET", "/file"),
            request("PUT", "/file", "", "inside"), request("PROPFIND", "/file"), request("GET", "/out/got%d" % n),
            request("GET", "/out/tree%d/f" % n), request("GET", "/out/whole%d/in/swap/f" % n)]


def client(s, n, wanted, seen):
    pipeline = Pipeline(s)
    while pipeline.answered < wanted:
        place = random.choice(PLACES)
        requests = random.choices(reads(place), k=16) + random.choices(writes(place, n), k=16) + \
            random.choices(trees(place, n), k=BATCH - 32)
        random.shuffle(requests)
        said = pipeline.send(requests)
        for telltale in TELLTALES:
            if telltale in said:
                at = said.index(telltale)
                fail("read outside: %r" % said[max(0, at - 600):at + 100])
        for status in re.findall(rb"^HTTP/1\.1 (\d+)", said, re.M):
            seen[int(status)] = seen.get(int(status), 0) + 1
    return pipeline.answered


# Without the kernel's confinement, which would refuse all this once more.
with Server("--confine", "off", "--durability", "relaxed", "--log-level", "error") as s, \
        mmap.mmap(-1, 8) as counter:
    pairs = build(s.temp, s.root)
    before, seen = snapshot(s.temp / "outside"), {}
    with forked(lambda: swapper(s.temp, s.root, pairs, counter)):
        eventually(lambda: struct.unpack("=Q", counter[:])[0] > 100, "they are exchanged")
        answered = sum(parallel(CLIENTS, lambda n: client(s, n, TRIES // CLIENTS, seen)))
    swaps = struct.unpack("=Q", counter[:])[0]
    same(snapshot(s.temp / "outside"), before, "what is outside")
    for path, content in tree(s.root).items():  # nor was it brought in
        same(content is not None and OUTSIDE in content and not os.path.realpath(s.path(path)).startswith(str(s.temp / "outside")),
             False, path)
    # Both sides of the exchange were met, in reading and in changing.
    for status in (200, 201, 204, 207, 403, 404):
        same(seen.get(status, 0) > TRIES // 2000, True, "answers %d among %r" % (status, seen))
    figures(tries=answered, exchanges=swaps, escapes=0, peak_MiB=peak_mib(s))
