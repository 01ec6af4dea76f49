#!/usr/bin/env python3
"""Names that begin like ours and are somebody's: recovery lets them be, what has our form it removes without following."""
import shutil

from holdfast import *

KEPT = (".holdfast-notes", ".holdfast-1", ".holdfast-", ".holdfast-aside-", ".holdfast-aside-12-mine", ".holdfast-cafe-6",
        ".holdfast-1f-698f2a1b-1", ".holdfast-1f-698f2a1b3b9ac9ff-1.bak", ".holdfast-1f-698f2a1b3b9ac9ff-",
        ".Holdfast-1f-698f2a1b3b9ac9ff-1")
OURS = ".holdfast-1f-698f2a1b3b9ac9ff-1"


def make(s, folder):
    for i, name in enumerate(KEPT):
        if i % 2:
            s.write("%s/%s/member" % (folder, name), name)
        else:
            s.write("%s/%s" % (folder, name), name)
    aside = s.path(folder) / (".holdfast-aside-%x-mine" % s.path("d/f").stat().st_ino)
    aside.mkdir()
    os.link(s.path("d/f"), aside / "put-back")


with Server() as s:
    outside = s.temp / "outside"
    outside.mkdir()
    (outside / "file").write_text("not ours")
    ours = (OURS, OURS.replace("-1f-", "-2f-"))
    wanted = {}
    s.write("d/f", "F")
    s.write("e/f", "F")
    for folder in ("d", "e"):
        make(s, folder)
        wanted[folder] = {**tree(s.path(folder)), "copy": b"F"}
        os.symlink(outside, s.path(folder) / ours[0])
        os.symlink(outside / "file", s.path(folder) / ours[1])
        s.write("%s/tree/a" % folder, "A")
        same(s.request("COPY", "/d/f", {"Destination": "/%s/copy" % folder}).status, 201)
        same(s.request("DELETE", "/%s/tree" % folder).status, 204)  # from now on the journal has the folder
    s.kill()
    s.start()
    for folder in ("d", "e"):
        eventually(lambda: tree(s.path(folder)) == wanted[folder], "what has our form is removed, and nothing else")
    s.stop()
    s.start()
    for folder in ("d", "e"):
        same(tree(s.path(folder)), wanted[folder], "after one more restart")
    same((outside / "file").read_text(), "not ours")
    same(hrefs(s.request("PROPFIND", "/d/", {"Depth": "1"})), ["/d/", "/d/%s/" % KEPT[-1], "/d/copy", "/d/f"])
    same(s.request("GET", "/d/.holdfast-notes").status, 404)
    same(s.request("PUT", "/d/.holdfast-notes", {}, b"x").status, 403)
    same(s.request("COPY", "/d", {"Destination": "/new"}).status, 201)
    same(strays(s.path("new")), [], "not copied")
    same(s.request("MOVE", "/d", {"Destination": "/moved"}).status, 201)
    same(tree(s.path("moved")), wanted["d"], "moved with the rest")
    os.symlink(outside, s.path("e") / OURS)
    same(s.request("DELETE", "/e").status, 204)
    shutil.rmtree(s.path("moved"))
    eventually(lambda: not strays(s.root), "removed with their folder")
    same((outside / "file").read_text(), "not ours", "what they led to")
