#!/usr/bin/env python3
"""A COPY cancelled in any of its phases: the destination stays as it was, unless it was there already, and whole."""
from longops import *

CALLS = ["getdents64", "mkdirat", "ficlone", "copy_file_range", "read", "write", "setxattr", "fsync", "syncfs", "renameat2"]
EARLY = {"getdents64", "mkdirat", "ficlone", "copy_file_range", "read"}  # much is still to be done behind these


def cancel_at(call, existing):
    """Whether the COPY ever came to this call."""
    with Held("--heartbeat", "30", slow=call + "=0") as s:
        s.open_gate()
        write_tree(s.path("tree/slow"), 2, 3)
        if existing:
            s.write("slow-copy/old", "old")
        old, new = tree(s.root), tree(s.path("tree"))
        s.shut_gate()
        with s.connect() as c:
            c.start("COPY", "/tree", {"Destination": "/slow-copy", "Depth": "infinity"})
            end = time.monotonic() + 10
            while not s.mark.exists():
                if c_has_answer(c) or time.monotonic() > end:
                    s.open_gate()
                    return False
            uris = ["/.holdfast/jobs/" + job["id"] for job in s.jobs()]
            same(len(uris), 1, "jobs while it is at %s" % call)
            same(s.request("DELETE", uris[0]).status, 202, "DELETE while it is at %s" % call)
            s.open_gate()
            answer = c.response("COPY")
        eventually(lambda: not strays(s.root), "nothing of ours is left")
        if answer.status in (201, 204) and call not in EARLY:
            same(tree(s.path("slow-copy")), new, "the destination after %d at %s" % (answer.status, call))
        else:
            same(answer.status, 409, "the answer after a cancel at %s" % call)
            same(tree(s.root), old, "the folder after a cancel at %s" % call)
        return True


def c_has_answer(connection):
    connection.sock.settimeout(0.02)
    try:
        return connection.fill() > 0
    except TimeoutError:
        return False
    finally:
        connection.sock.settimeout(30 * PATIENCE)


met = {(call, existing) for call in CALLS for existing in (False, True) if cancel_at(call, existing)}
phases = {call for call, _ in met}
same({"getdents64", "mkdirat", "renameat2"} <= phases, True, "phases that were met: %r" % sorted(phases))
same(bool({"ficlone", "copy_file_range", "read"} & phases), True, "that of the content as well: %r" % sorted(phases))
