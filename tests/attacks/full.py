#!/usr/bin/env python3
"""Many uploads at once, with and without a length, whole and broken, into a disk that has no room for them: each is there
as a whole or told 507, what was there stays, and when they are gone the disk is as free as before."""
from attack import *
from faultdisk import disk

ROUNDS = 100 if LONG else 4
CLIENTS = 24
SIZE = 3 << 20
MEGABYTES = 24


def upload(s, n, turn):
    """One client's: what it was answered, or None if it left half-way."""
    content = (b"%d/%d " % (n, turn)) * (SIZE // 8)
    with s.connect() as c:
        if n % 4 == 3:
            c.send(c.head("PUT", "/full/broken%d" % n, {"Content-Length": str(len(content))}) + content[:len(content) // 2])
            c.reset()
            return None
        target = "/full/over%d" % (n % 3) if n % 4 == 2 else "/full/new%d" % n
        status = c.request("PUT", target, {}, content, chunked=n % 4 == 1).status
    same(status, (201, 204, 507), "an upload")
    return target, content, status


def check(s, kept, answers):
    """Of those that were stored all is there, of those that were refused nothing."""
    stored = {}
    for target, content, status in filter(None, answers):
        if status != 507:
            stored.setdefault(target, []).append(content)
    for name, content in tree(s.path("full")).items():
        allowed = stored.pop("/full/" + name, []) + ([kept[name]] if name in kept else [])
        same(content in allowed, True, "%s, which is %d bytes long" % (name, len(content)))
    same(stored, {}, "told to be there")
    return sum(answer is not None and answer[2] == 507 for answer in answers)


def free_bytes(path):
    st = os.statvfs(path)
    return st.f_bavail * st.f_frsize, st.f_ffree


with Server("--durability", "relaxed", "--min-free", "256K", "--log-level", "error") as s, \
        disk("ext4", MEGABYTES, s.path("full")) as d:
    kept = {"over%d" % i: b"old %d" % i for i in range(3)}
    stored = refused = 0
    for turn in range(ROUNDS):
        for name, content in kept.items():
            s.write("full/" + name, content)
        d.sync()
        before = free_bytes(d.at)
        answers = parallel(CLIENTS, lambda n: upload(s, n, turn))
        eventually(lambda: not strays(s.root), "nothing of ours is left")
        refused += check(s, kept, answers)
        stored += sum(answer is not None and answer[2] != 507 for answer in answers)
        for path in d.at.iterdir():
            if path.name not in kept:
                same(s.request("DELETE", "/full/" + path.name).status, 204)
            else:
                path.write_bytes(kept[path.name])
        eventually(lambda: d.sync() or free_bytes(d.at) == before, "the disk is as free as before: %r, now %r" % (before, free_bytes(d.at)))
    same(s.request("PUT", "/full/after", {}, b"x" * SIZE).status, 201, "room again")
    same(0 < refused and 0 < stored, True, "some were stored, some refused")
    figures(uploads=ROUNDS * CLIENTS, stored=stored, refused=refused, broken_off=ROUNDS * CLIENTS // 4, lost_or_torn=0, bytes_that_did_not_come_back=0,
            peak_MiB=peak_mib(s))
