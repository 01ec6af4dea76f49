#!/usr/bin/env python3
"""Two servers on one folder, a state database that is damaged, of a later version, or gone: one line each, no harm."""
import shutil
import sqlite3

from holdfast import *


def refuses(s, *parts, state=None):
    before, database = tree(s.root), (s.state / "holdfast.db")
    kept = database.read_bytes() if database.exists() else None
    arguments = ["serve", "--listen", "127.0.0.1:0", "--state", str(state or s.state), str(s.root)]
    status, out, err = run_program(*arguments)
    same((status, out, len(err.splitlines())), (1, "", 1), "start: %r" % err)
    for part in parts:
        same(part in err, True, "%r says %r" % (err, part))
    same(tree(s.root), before, "the folder")
    if not state:
        same(database.read_bytes(), kept, "the database is left as it was")


with Server() as s, temporary() as other:
    write_tree(s.path("dir"), 2, 2)
    s.write("sub/file", "content")
    same(s.request("COPY", "/dir", {"Destination": "/sub/dir"}).status, 201)
    lock_token(lock(s, "/sub/file"))
    refuses(s, "already being served", state=other)
    s.alive()
    s.kill()  # whoever dies holds nothing any more
    s.start()
    s.stop()
    database = s.state / "holdfast.db"
    sound = database.read_bytes()

    with sqlite3.connect(database) as db:
        db.execute("PRAGMA user_version = 1000")
    db.close()
    refuses(s, "holdfast.db", "schema 1000")
    for damaged in (b"\0" * 8192, sound[:100] + os.urandom(len(sound) - 100), b"not a database at all " * 400):
        database.write_bytes(damaged)
        refuses(s, "holdfast.db")

    database.write_bytes(sound)
    s.start()
    same(s.request("PUT", "/sub/file", {}, "x").status, 423, "the lock is there again")
    s.stop()
    shutil.rmtree(s.state)  # without it only the locks are lost
    s.start()
    same(s.request("PUT", "/sub/file", {}, "x").status, 204)
