#!/usr/bin/env python3
"""Whatever system call on the folder fails, once: every resource is old or new, and the answer says which."""
from faultlib import *

PROP = "<D:set><D:prop><x xmlns='u:'>%s</x></D:prop></D:set>"
REQUESTS = (
    ("PUT", "/d/new", {}, b"n" * 100000, 201),
    ("PUT", "/file", {}, b"new", 204),
    ("PUT", "/link", {}, b"new", 204),
    ("COPY", "/file", {"Destination": "/d/new"}, None, 201),
    ("COPY", "/big", {"Destination": "/file"}, None, 204),
    ("COPY", "/tree", {"Destination": "/d/new"}, None, 201),
    ("COPY", "/tree", {"Destination": "/other"}, None, 204),
    ("MOVE", "/file", {"Destination": "/d/f"}, None, 204),
    ("MOVE", "/tree", {"Destination": "/d/new"}, None, 201),
    ("MOVE", "/tree", {"Destination": "/other"}, None, 204),
    ("DELETE", "/file", {}, None, 204),
    ("DELETE", "/tree", {}, None, 204),
    ("MKCOL", "/d/new", {}, None, 201),
    ("PROPPATCH", "/file", {}, PROP % "new", 207),
    ("PROPPATCH", "/tree", {}, "<D:remove><D:prop><x xmlns='u:'/></D:prop></D:remove>", 207),
)


def build(s):
    s.write("d/f", "F")
    s.write("file", "old")
    s.write("big", b"b" * 300000)
    s.write("other/x", "X")
    s.write("tree/a", "AA")
    s.write("tree/sub/b", "B")
    os.symlink("file", s.path("link"))
    for name in ("file", "tree", "tree/a"):
        os.setxattr(s.path(name), "user.holdfast.props", b"\1u:\0x\0<x xmlns=\"u:\">old</x>\0")


def sender(method, target, headers, body):
    if method == "PROPPATCH":
        return lambda s: proppatch(s, target, body, headers)
    return lambda s: s.request(method, target, headers, body)


def late_errors(s):
    """What a file system says no earlier than at close() must be told too."""
    for method, target, headers, body in (("PUT", "/d/new", {}, b"new"), ("COPY", "/big", {"Destination": "/d/new"}, None)):
        s.arm(1, errno.EIO, "%s/#" % s.path("d"), ("close",))  # an unnamed file
        same(s.request(method, target, headers, body).status, 500, "%s whose close fails" % method)
        same(s.disarm(), 1, "failed closes")
        s.path("d/new").unlink()


on_ram()
for durability in ("full", "relaxed"):
    with FaultyServer("--durability", durability) as s:
        ordeal = Ordeal(s, build)
        for *request, wanted in REQUESTS:
            for error, calls in ((errno.EIO, ALL_CALLS), (errno.ENOSPC, SPACE_CALLS), (errno.EIO, SYNC_CALLS),
                                 (0, WRITE_CALLS)):
                ordeal.run(str(s.root), sender(*request), wanted, error, calls)
        late_errors(s)
        s.alive()
    print("%s: faults injected: %d, operations: %d, lost: 0; left for the restart: %d"
          % (durability, ordeal.faults, ordeal.requests, ordeal.restarts))
    within(ordeal.faults, 300, 100000, "faults")
