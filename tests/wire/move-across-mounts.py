#!/usr/bin/env python3
"""MOVE across file systems copies, publishes, then removes: content, properties and times arrive."""
from holdfast import *

with Server("--min-free", "0") as s:
    s.path("mnt").mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(s.path("mnt"))], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())
    try:
        s.write("file", "content")
        os.utime(s.path("file"), (1234567890, 1234567890))
        write_tree(s.path("dir"), 2, 3)
        whole = tree(s.path("dir"))
        proppatch(s, "/dir/d000/f000", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>")
        same(s.request("MOVE", "/file", {"Destination": "/mnt/file"}).status, 201)
        same((s.read("mnt/file"), s.path("file").exists()), (b"content", False))
        same(int(s.path("mnt/file").stat().st_mtime), 1234567890)
        same(s.request("MOVE", "/dir", {"Destination": "/mnt/dir"}).status, 201)
        same((tree(s.path("mnt/dir")), s.path("dir").exists()), (whole, False))
        same(s.request("MOVE", "/mnt/dir", {"Destination": "/back"}).status, 201)
        same((tree(s.path("back")), s.path("mnt/dir").exists()), (whole, False))
        same(s.request("COPY", "/back", {"Destination": "/mnt/copy"}).status, 201)
        same(tree(s.path("mnt/copy")), whole)
        within(s.request("MOVE", "/mnt", {"Destination": "/other"}).status, 400, 507, "moving a mount point itself")
        same(tree(s.path("mnt/copy")), whole)
        eventually(lambda: not strays(s.root), "nothing of ours is left")
    finally:
        subprocess.run(["umount", "-l", str(s.path("mnt"))], check=True)
