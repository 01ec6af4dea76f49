#!/usr/bin/env python3
"""COPY and MOVE: file and folder onto nothing, file, folder, with Overwrite T and F: statuses and results."""
from holdfast import *

with Server() as s:
    for method in ("COPY", "MOVE"):
        for source in ("file", "folder"):
            for target in ("nothing", "file", "folder"):
                for overwrite in ("T", "F", None):
                    what = "%s %s onto %s, Overwrite: %s" % (method, source, target, overwrite)
                    subprocess.run(["rm", "-rf", str(s.path("src")), str(s.path("dst"))], check=True)
                    if source == "file":
                        s.write("src", "new")
                    else:
                        write_tree(s.path("src"), 2, 2)
                    if target == "file":
                        s.write("dst", "old")
                    elif target == "folder":
                        s.write("dst/old", "old")
                    read = lambda name: tree(s.path(name)) if s.path(name).is_dir() else (
                        s.read(name) if s.path(name).exists() else None)
                    new, old = read("src"), read("dst")
                    headers = {"Destination": "/dst", **({"Overwrite": overwrite} if overwrite else {})}
                    answer = s.request(method, "/src", headers)
                    wanted = 201 if target == "nothing" else 412 if overwrite == "F" else 204
                    same(answer.status, wanted, what)
                    same(read("dst"), old if wanted == 412 else new, what)
                    same(read("src"), None if method == "MOVE" and wanted != 412 else new, what)
    for method in ("COPY", "MOVE"):
        s.write("src", "x")
        same(s.request(method, "/none", {"Destination": "/x"}).status, 404)
        same(s.request(method, "/src", {"Destination": "/none/x"}).status, 409)
        same(s.request(method, "/src", {"Destination": "/src/x"}).status, (403, 409))
    eventually(lambda: not strays(s.root), "nothing is left behind")
