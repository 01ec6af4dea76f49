#!/usr/bin/env python3
"""A member that cannot be read does not stop the rest: 207 names it, the others are there."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir"), 2, 2)
    os.mkfifo(s.path("dir/d000/fifo"))
    answer = s.request("COPY", "/dir", {"Destination": "/copy"})
    same(answer.status, (201, 207))
    if answer.status == 207:
        found = multistatus(answer)
        same(len(found), 1, str(found))
        same(list(found)[0], ("/dir/d000/fifo", "/copy/d000/fifo"))
    same(len([k for k in tree(s.path("copy")) if "/f" in k and "fifo" not in k]), 4)
