#!/usr/bin/env python3
"""Somebody exchanges names for links into what may not be read, all the time: nothing of it is ever told."""
import ctypes
import multiprocessing

from holdfast import *

RENAME_EXCHANGE = 2
ASKED = (("GET", "/pub/f", {}), ("GET", "/pub/d/f", {}), ("GET", "/pub/d/", {}), ("PROPFIND", "/pub/d/", {"Depth": "1"}),
         ("PROPFIND", "/pub/", {"Depth": "infinity"}))
COPIED = ("/pub/f", "/pub/d", "/pub")
ENOUGH = 40  # of each answer


def exchange(one, other):
    libc = ctypes.CDLL(None)
    while True:
        libc.renameat2(-100, one, -100, other, RENAME_EXCHANGE)


with Server("--durability", "relaxed", "--access", "/ ** write", "--access", "/secret ** none") as s, s.connect() as c:
    for name in ("pub/f", "pub/d/f", "secret/f", "secret/d/f", "secret/d/SECRET"):
        s.write(name, "SECRET" if name.startswith("secret") else "public")
    s.path("pub/link-f").symlink_to("../secret/f")
    s.path("pub/link-d").symlink_to("../secret/d")
    swappers = [multiprocessing.Process(target=exchange, daemon=True,
                                        args=[os.fsencode(s.path("pub/" + name)) for name in (what, "link-" + what)])
                for what in "fd"]
    for swapper in swappers:
        swapper.start()
    try:
        seen, copies, end = {}, 0, time.monotonic() + 60 * PATIENCE
        while any(seen.get(status, 0) < ENOUGH for status in (200, 404)) or copies < ENOUGH:
            for method, target, headers in ASKED:
                answer = c.request(method, target, headers)
                same(answer.status, (200, 207, 404), target)
                same(b"SECRET" in answer.body, False, "%s %s tells what is hidden" % (method, target))
                seen[answer.status] = seen.get(answer.status, 0) + 1
            copy = "/copy%d" % copies
            same(c.request("COPY", COPIED[copies % 3], {"Destination": copy}).status, (201, 207, 404))
            copies += 1
            same(time.monotonic() < end, True, "names are exchanged: %s" % seen)
    finally:
        for swapper in swappers:
            swapper.kill()
            swapper.join()
    for folder in s.root.glob("copy*"):
        found = tree(folder) if folder.is_dir() else {"": folder.read_bytes()}
        same("SECRET" in str(found), False, "a copy has what is hidden")
