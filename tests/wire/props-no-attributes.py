#!/usr/bin/env python3
"""On a file system without extended attributes: 100 dead properties and one of 100 KB, through all that can happen."""
from holdfast import *

BIG = "x" * 100000
MANY = "".join("<p%d xmlns='urn:x'>%d</p%d>" % (i, i, i) for i in range(100))
NONE = "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>"


def names(s, target):
    found = multistatus(s.request("PROPFIND", target, {"Depth": "0"}, NONE))[target][1]
    return {name for name in found if name.startswith("{urn:x}")}


def check(s, target):
    found = propfind(s, target)[target][1]
    same([found["{urn:x}p%d" % i][1].text for i in range(100)], [str(i) for i in range(100)], target)
    same(found["{urn:x}big"][1].text, BIG, target)
    same(len(names(s, target)), 101, target)


def set_all(s, target):
    answer = proppatch(s, target, "<D:set><D:prop>%s<big xmlns='urn:x'>%s</big></D:prop></D:set>" % (MANY, BIG))
    same({status for status, _ in multistatus(answer)[target][1].values()}, {200}, target)
    check(s, target)


def walk_through(s):
    s.write("f", "content")
    s.path("dir/sub").mkdir(parents=True)
    s.write("dir/sub/g", "content")
    for target in ("/f", "/dir/", "/dir/sub/g"):
        set_all(s, target)
    s.kill()
    s.start()
    check(s, "/dir/")
    same(s.request("PUT", "/f", {}, "other content").status, 204)
    check(s, "/f")
    same(s.request("MOVE", "/dir/", {"Destination": "/moved/"}).status, 201)
    s.kill()
    s.start()
    check(s, "/moved/")
    check(s, "/moved/sub/g")
    same(s.request("COPY", "/moved/", {"Destination": "/copy/"}).status, 201)
    s.kill()
    s.start()
    check(s, "/moved/sub/g")
    check(s, "/copy/sub/g")
    s.write("plain", "x")
    same(s.request("COPY", "/plain", {"Destination": "/copy/sub/g"}).status, 204)
    same(names(s, "/copy/sub/g"), set(), "replaced by what has none")
    same(s.request("DELETE", "/moved/").status, 204)
    s.kill()
    s.start()
    s.path("moved/sub").mkdir(parents=True)
    s.write("moved/sub/g", "of somebody else")
    same((names(s, "/moved/"), names(s, "/moved/sub/g")), (set(), set()), "after DELETE")
    answer = proppatch(s, "/f", "<D:remove><D:prop>%s</D:prop></D:remove>" % MANY)
    same({status for status, _ in multistatus(answer)["/f"][1].values()}, {200})
    same(names(s, "/f"), {"{urn:x}big"})
    # a second one of that kind may be there, but not any number of them: 507, and nothing has changed
    statuses = []
    for i in range(12):
        answer = proppatch(s, "/f", "<D:set><D:prop><b%d xmlns='urn:x'>%s</b%d></D:prop></D:set>" % (i, BIG, i))
        statuses.append(multistatus(answer)["/f"][1]["{urn:x}b%d" % i][0])
    same(statuses, [200] * 9 + [507] * 3)
    same(len(names(s, "/f")), 10)


def across(s):
    """From where there is room to where there is none, and back."""
    s.write("tree/sub/f", "content")
    for target in ("/tree/", "/tree/sub/f"):
        answer = proppatch(s, target, "<D:set><D:prop><small xmlns='urn:x'>1</small></D:prop></D:set>")
        same(multistatus(answer)[target][1]["{urn:x}small"][0], 200)
    same(s.request("COPY", "/tree/sub/f", {"Destination": "/mnt/f"}).status, 201)
    same(s.request("COPY", "/tree/", {"Destination": "/mnt/copy/"}).status, 201)
    same(s.request("MOVE", "/tree/", {"Destination": "/mnt/moved/"}).status, 201)
    same(s.request("MOVE", "/mnt/moved/", {"Destination": "/back/"}).status, 201)
    s.kill()
    s.start()
    for target in ("/mnt/f", "/mnt/copy/", "/mnt/copy/sub/f", "/back/", "/back/sub/f"):
        same(names(s, target), {"{urn:x}small"}, target)


with Server() as s:
    s.stop()
    done = subprocess.run(["mount", "-t", "ramfs", "ramfs", str(s.root)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a ramfs: %s" % done.stderr.strip())
    try:
        s.start()
        walk_through(s)
        eventually(lambda: not strays(s.root), "nothing of ours is left")
        s.stop()
    finally:
        subprocess.run(["umount", "-l", str(s.root)], check=True)
    s.start()
    s.path("mnt").mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", str(s.path("mnt"))], check=True)
    try:
        across(s)
        eventually(lambda: not strays(s.root), "nothing of ours is left there")
    finally:
        subprocess.run(["umount", "-l", str(s.path("mnt"))], check=True)
