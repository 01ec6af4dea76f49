#!/usr/bin/env python3
"""The power goes: with --durability full all that was acknowledged is on the disk, and the rest is old or new."""
import select

from faultdisk import *
from faultlib import *

PROP = "<D:set><D:prop><x xmlns='u:'>kept</x></D:prop></D:set>"
BIG = b"b" * 300000

# Each is the last thing before the power goes: a later one would have synced it too.
REQUESTS = (
    ("PUT", "/new", {}, BIG, 201),
    ("PUT", "/file", {}, b"new", 204),
    ("COPY", "/tree", {"Destination": "/other"}, None, 204),
    ("COPY", "/tree", {"Destination": "/d/copy"}, None, 201),
    ("COPY", "/big", {"Destination": "/d/f"}, None, 204),
    ("MOVE", "/tree", {"Destination": "/d/moved"}, None, 201),
    ("MOVE", "/tree", {"Destination": "/other"}, None, 204),
    ("MOVE", "/file", {"Destination": "/d/f"}, None, 204),
    ("DELETE", "/file", {}, None, 204),
    ("DELETE", "/tree", {}, None, 204),
    ("MKCOL", "/d/made", {}, None, 201),
    ("PROPPATCH", "/file", {}, PROP, 207),
    ("LOCK", "/locked", {}, lock_body(), 201),
)


def build(root, d):
    shutil.rmtree(root, ignore_errors=True)
    for name, content in (("d/f", b"F"), ("file", b"old"), ("big", BIG), ("tree/a", b"A"), ("tree/sub/b", BIG),
                          ("other/x", b"X")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    d.sync()


def again(s, d, slow=None, match=None):
    """Power off, on, and the server with it."""
    if s.process.poll() is None:
        s.kill()
    d.unmount()
    d.mount()
    s.slow, s.match = slow, match
    s.start()
    eventually(lambda: not strays(s.root), "strays are gone after the restart")


def acknowledged(s, d):
    for method, target, headers, body, wanted in REQUESTS:
        build(s.root, d)
        s.start()
        if method == "PROPPATCH":
            same(proppatch(s, target, body).status, wanted)
        else:
            same(s.request(method, target, headers, body).status, wanted)
        eventually(lambda: not strays(s.root), "it is purged")
        before = view(s.root)
        d.cut_power()
        again(s, d)
        now = view(s.root)
        same({path for path in set(before) | set(now) if before.get(path) != now.get(path)}, set(),
             "what differs, the power being cut after %s %r" % (method, headers))
        if method == "LOCK":
            same(s.request("PUT", target, {}, b"x").status, 423, "the lock")
        s.kill()


def cut_before(s, d, call, method, target, headers, body):
    """Sends the request; the power goes when the call is about to be made. None: it is not made."""
    again(s, d, "%s=0" % call, str(s.root))
    with s.connect() as c:
        c.start(method, target, headers, body)
        eventually(lambda: s.mark.exists() or select.select([c.sock], [], [], 0)[0], "%s or an answer" % call)
        is_met = s.mark.exists()
        if is_met:
            d.cut_power()
        s.gate.touch()
        answer = c.response(method)
    s.gate.unlink()
    if is_met:
        within(answer.status, 500, 599, "%s, cut before %s: %r" % (method, call, answer))
    again(s, d)
    return is_met


def in_the_middle(s, d):
    """Whatever the cut comes before: the answer is an error, and afterwards all is old or new."""
    requests = (("PUT", "/file", {}, BIG[1:], BIG[1:]), ("COPY", "/big", {"Destination": "/file"}, None, BIG))
    cut = 0
    for method, target, headers, body, new in requests:
        for call in ("copy_file_range", "fsync", "linkat", "renameat2"):
            same(s.request("PUT", "/file", {}, b"old").status, 204)
            is_met = cut_before(s, d, call, method, target, headers, body)
            same(s.read("file"), (b"old", new) if is_met else new, "%s, cut before %s" % (method, call))
            cut += is_met
    return cut


s = Server("--min-free", "0", "--durability", "full")
try:
    with disk("ext4", 16, s.temp / "disk") as d:
        s.root, s.state = d.at / "root", d.at / "state"
        acknowledged(s, d)
        build(s.root, d)
        s.start()
        s.gate = s.temp / "gate"
        cut = in_the_middle(s, d)
        print("the power was cut %d times, lost: 0" % (cut + len(REQUESTS)))
        within(cut, 6, 8, "how often the power was cut in the middle")
        s.stop()
        s.check_log()
except BaseException:
    s.tell()
    raise
finally:
    s.cleanup()
