#!/usr/bin/env python3
"""A result that nobody got is not told any more once something else has touched source or destination."""
from longops import *


def recreate_source(s):
    s.write("slow/a", "new")


def recreate_through_us(s):
    same(s.request("MKCOL", "/slow").status, 201)
    same(s.request("PUT", "/slow/a", {}, "new").status, 201)


def has_ended(s, made):
    """Touched any earlier, it would be noted as it is then."""
    eventually(s.path(made).exists, "it is done")
    eventually(lambda: all("result" in job for job in s.jobs()), "and has ended")


TOUCHES = {
    "the source made again behind our back": (recreate_source, 204),
    "the source made again through the server": (recreate_through_us, 204),
    "the destination removed behind our back": (lambda s: shutil.rmtree(s.path("moved")), 404),
    "the destination removed through the server": (lambda s: same(s.request("DELETE", "/moved").status, 204), 404),
    "the destination moved away": (lambda s: same(s.request("MOVE", "/moved", {"Destination": "/x"}).status, 201), 404),
    "the destination's members changed through the server":
        (lambda s: same(s.request("PUT", "/moved/b", {}, "x").status, 201), 404),
    "the destination's members changed behind our back": (lambda s: s.write("moved/b", "x"), 404),
    "the destination's properties changed":
        (lambda s: multistatus(proppatch(s, "/moved", '<D:set><D:prop><x xmlns="urn:x">1</x></D:prop></D:set>')), 404),
    "something else": (lambda s: same(s.request("PUT", "/other", {}, "x").status, 201), 201),
    "only read": (lambda s: [s.request("GET", "/moved/a"), propfind(s, "/moved", depth=1)], 201),
}

for what, (touch, status) in TOUCHES.items():
    with Held("--heartbeat", "0.1") as s:
        s.write("slow/a", "x")
        c = s.connect()
        c.start("MOVE", "/slow", {"Destination": "/moved"})
        s.is_held()
        c.reset()
        s.open_gate()
        has_ended(s, "moved/a")
        touch(s)
        same(s.request("MOVE", "/slow", {"Destination": "/moved"}).status, status, what)

for touch, status in ((lambda s: s.write("slow.txt", "other"), 412), (lambda s: s.path("slow.txt").unlink(), 201),
                      (lambda s: s.request("PUT", "/slow.txt", {}, "other"), 412), (lambda s: None, 201)):
    with Held("--heartbeat", "0.1") as s:  # and a PUT's
        c = s.connect()
        c.start("PUT", "/slow.txt", {"If-None-Match": "*"}, "content")
        s.is_held()
        c.reset()
        s.open_gate()
        has_ended(s, "slow.txt")
        touch(s)
        content = s.read("slow.txt") if s.path("slow.txt").exists() else b"content"
        same(s.request("PUT", "/slow.txt", {"If-None-Match": "*"}, "content").status, status, "the repeated PUT")
        same(s.read("slow.txt"), content, "its content")
