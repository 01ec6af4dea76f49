#!/usr/bin/env python3
"""What would leave less than --min-free is 507 and leaves nothing behind, also when somebody else fills the disk meanwhile."""
import xml.etree.ElementTree as ElementTree

from longops import *

MIB = 1024 * 1024


def no_room(answer, what):
    same(answer.status, 507, what)
    error = ElementTree.fromstring(answer.body)
    same((error.tag, [child.tag for child in error]), (dav("error"), [dav("sufficient-disk-space")]), what)


def available(s):
    return int(propfind(s, "/", dav("quota-available-bytes"))["/"][1][dav("quota-available-bytes")][1].text)


with temporary() as t:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(t)], capture_output=True, text=True)
    if done.returncode:
        skip("may not mount a tmpfs: %s" % done.stderr.strip())
    try:
        with Held(slow="getdents64=0", root=t) as s:
            s.open_gate()
            large = bytes(20 * MIB)
            s.write("old", "old")
            s.write("slow/a", b"x" * MIB)
            same(s.request("PUT", "/large", {}, large).status, 201)
            within(available(s), 14 * MIB, 16 * MIB, "what is left above the mark")
            before = tree(s.root)
            for target in ("/old", "/new"):
                with s.connect() as c:
                    c.send(c.head("PUT", target, {"Content-Length": str(len(large)), "Expect": "100-continue"}))
                    answer = c.response_head()
                    answer.body = c.body(answer, "PUT")
                    no_room(answer, "PUT " + target)
                no_room(s.request("COPY", "/large", {"Destination": target}), "COPY to " + target)
                with s.connect() as c:
                    try:
                        c.start("PUT", target, {}, large, chunked=True)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    no_room(c.response("PUT"), "PUT of unknown size to " + target)
            eventually(lambda: not strays(s.root), "nothing of ours is left")
            same(tree(s.root) == before, True, "the folder is as it was")

            # Somebody else takes the room while a tree is copied.
            s.shut_gate()
            with s.connect() as c:
                c.start("COPY", "/slow", {"Destination": "/copy"})
                s.is_held()
                ballast = s.write("ballast", bytes(16 * MIB))
                s.open_gate()
                no_room(c.response("COPY"), "COPY of a tree")
            same(s.path("copy").exists(), False)
            same(available(s), 0)
            ballast.unlink()
            same(s.request("COPY", "/slow", {"Destination": "/copy"}).status, 201, "there is room again")

            s.stop()
            s.options = ["--min-free", "0"]
            s.start()
            same(s.request("PUT", "/new", {}, large).status, 201, "without a mark")
    finally:
        subprocess.run(["umount", "-l", str(t)], check=True)
