#!/usr/bin/env python3
"""A full disk: 507, what was there is whole, nothing of ours is left; and with room again the same request succeeds."""
from faultdisk import *
from faultlib import *

MEGABYTES = 12
LONG = "<D:set><D:prop><x xmlns='u:'>%s</x></D:prop></D:set>" % ("p" * 700)


def build(s, folder):
    s.write("full/file", "old")
    s.write("full/there/a", "A")
    s.write("full/there/sub/b", "B")
    write_tree(s.path("src"), 2, 4, 400000)
    s.write("src/one", b"1" * 1500000)
    s.write("full/big", b"2" * 1500000)


def put(target, chunked):
    def request(s):
        with s.connect() as c:
            return c.request("PUT", target, {}, b"n" * 1500000, chunked=chunked)
    return request


def send(method, target, **headers):
    return lambda s: s.request(method, target, headers)


# what is sent, how many bytes are free then, what it is answered once there is room
REQUESTS = (
    ("PUT", put("/full/new", False), 600000, 201),
    ("PUT, chunked", put("/full/new", True), 600000, 201),
    ("PUT over", put("/full/file", False), 600000, 204),
    ("PUT over, chunked", put("/full/file", True), 600000, 204),
    ("COPY of a file", send("COPY", "/full/big", Destination="/full/new"), 600000, 201),
    ("COPY over a file", send("COPY", "/src/one", Destination="/full/file"), 600000, 204),
    ("COPY of a tree", send("COPY", "/src", Destination="/full/new"), 1900000, 201),
    ("COPY over a tree", send("COPY", "/src", Destination="/full/there"), 1900000, 204),
    ("MOVE of a file across", send("MOVE", "/src/one", Destination="/full/new"), 600000, 201),
    ("MOVE of a tree across", send("MOVE", "/src", Destination="/full/there"), 1900000, 204),
    ("PROPPATCH", lambda s: proppatch(s, "/full/file", LONG), 0, 207),
    ("MKCOL", send("MKCOL", "/full/new"), 0, 201),
    ("DELETE", send("DELETE", "/full/there"), 0, 204),
)


def is_refused(answer):
    return answer.status == 507 or (answer.status == 207 and b" 507 " in answer.body)


def check(s, d, name, request, leave, wanted):
    build(s, None)
    before = view(s.root)
    d.fill(leave)
    full = view(s.root)
    answer = request(s)
    what = "%s, answered %r" % (name, answer)
    if name == "DELETE":
        same(answer.status, wanted, "what makes room needs none")
    if leave or is_refused(answer):  # a single name or property may still fit
        same(is_refused(answer), True, what)
        eventually(lambda: not strays(s.root), "nothing of ours is left; " + what)
        same(view(s.root), full, what)
        d.free()
        same(view(s.root), before, "room again; " + what)
        answer = request(s)
    else:
        d.free()
    same((answer.status, is_refused(answer)), (wanted, False), "room again; " + what)
    eventually(lambda: not strays(s.root), "it is purged; " + what)
    clean(s)


def clean(s):
    shutil.rmtree(s.path("src"), ignore_errors=True)
    for path in s.path("full").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


on_ram()
refused = 0
for kind in KINDS:
    for durability in ("full", "relaxed"):
        with FaultyServer("--min-free", "0", "--durability", durability) as s, disk(kind, MEGABYTES, s.path("full")) as d:
            for row in REQUESTS:
                check(s, d, *row)
                refused += 1
            s.alive()
print("%d requests met a full disk, lost: 0" % refused)
