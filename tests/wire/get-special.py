#!/usr/bin/env python3
"""Devices, fifos and sockets are neither opened nor hung upon, and links that lead out are not there."""
import socket

from holdfast import *

with Server() as s:
    os.mkfifo(s.path("fifo"))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(s.path("socket")))
    (s.temp / "secret").write_text("the secret")
    s.path("out").symlink_to("../secret")
    s.path("abs").symlink_to(s.temp / "secret")
    s.path("etc").symlink_to("/etc")
    s.path("loop").symlink_to("loop")
    s.path("dangling").symlink_to("nowhere")
    for name in ("fifo", "socket", "out", "abs", "etc", "etc/passwd", "loop", "dangling"):
        answer = s.request("GET", "/" + name)
        within(answer.status, 400, 499 if name != "loop" else 508, name)
        same(b"the secret" in answer.body or b"root:" in answer.body, False, name)
    listed = multistatus(s.request("PROPFIND", "/", {"Depth": "infinity"}))
    same(listed.pop("/loop", (508,))[0], 508, "a link to itself, if it is listed at all")
    for name in ("/out", "/abs", "/etc", "/etc/", "/etc/passwd", "/loop", "/dangling"):
        same(name in listed, False, "%s is listed" % name)
    same(s.request("PUT", "/etc/new", {}, "x").status, (403, 404, 409))
    same(s.request("PUT", "/out", {}, "evil").status, (201, 204, 403, 404, 409))
    same((s.temp / "secret").read_text(), "the secret")
    s.alive()
