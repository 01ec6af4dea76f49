#!/usr/bin/env python3
"""COPY keeps mode and modification time of files and leaves holes holes; MOVE keeps everything."""
from holdfast import *

with Server() as s:
    s.write("dir/a", "x").chmod(0o750)
    os.utime(s.path("dir/a"), (1234567890, 1234567890))
    with open(s.path("dir/sparse"), "wb") as f:
        f.seek(100 << 20)
        f.write(b"end")
    same(s.request("COPY", "/dir", {"Destination": "/copy"}).status, 201)
    stat = s.path("copy/a").stat()
    same((oct(stat.st_mode & 0o777), int(stat.st_mtime)), ("0o750", 1234567890))
    stat = s.path("copy/sparse").stat()
    same(stat.st_size, (100 << 20) + 3)
    within(stat.st_blocks * 512, 0, 4 << 20, "bytes on disk of a sparse file")
    inode = s.path("dir/a").stat().st_ino
    same(s.request("MOVE", "/dir", {"Destination": "/moved"}).status, 201)
    same(s.path("moved/a").stat().st_ino, inode, "the same file")
