#!/usr/bin/env python3
"""The server dies at every call that changes something, of every operation, one after the other.

    calls.py [--only REGEX] [--durability full|relaxed|both] [--deep]

Each operation is tried with the server dying at its first call (tests/preload/crash.c), its second and so on,
until it lives through it. After each death the recovery dies once as well, each time one call later; with --deep
(script/test --soak) it dies at each of its calls in turn. Then the area must be old or new (verify.py).
"""
import argparse
import itertools
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

import soak
import verify
from actions import BIG_PROP, EXECUTABLE, PROPPATCH, Action, addressed
from area import Area, Lock, Node
from holdfast import Closed, eventually, fail, lock_body, lock_token, same
from mortal import Mortal, scratch

PROPS = frozenset((("p0", "zero"), ("p1", "one")))
LARGE = PROPS | {("p2", "large " * (BIG_PROP // 6))}  # the state database has these
FOLDER, TREE = Node(None, PROPS), ("t", "t/u", "t/u/v")


def example(large):
    """What each operation begins with: two trees, two files, with dead properties; one too large for the file."""
    area = Area()
    for top in ("s", "t"):
        for folder in (top, top + "/u", top + "/u/v"):
            area.nodes[folder] = FOLDER
            for name in "ab":
                area.nodes["%s/%s" % (folder, name)] = Node(b"%s in %s" % (name.encode(), folder.encode()), PROPS)
    if large:
        area.nodes["h"] = Node(b"large properties", LARGE)
    area.nodes["w"] = Node(None, frozenset())
    area.nodes["f"] = Node(b"f " * 50, PROPS)
    area.nodes["w/g"] = Node(b"g " * 5000, frozenset((("p2", "two"),)))
    return area


def put(path, size=100):
    body = b"new content " * (size // 12)
    return lambda area: Action("PUT", path, area.with_put(path, body), (204 if path in area.nodes else 201,), body=body)


def mkcol(path):
    return lambda area: Action("MKCOL", path, area.with_folder(path), (201,))


def delete(path):
    return lambda area: Action("DELETE", path, area.without(path), (204,))


def transfer(method, source, to):
    def make(area):
        after = area.with_copy(source, to) if method == "COPY" else area.with_move(source, to)
        return Action(method, source, after, (204 if to in area.nodes else 201,), headers={"Destination": to})
    return make


def proppatch(path, size=1):
    changes = {"p0": "changed" * size, "p1": None, "p2": "new" * size}
    body = ("<D:set><D:prop><t:p0>%(p0)s</t:p0></D:prop></D:set><D:remove><D:prop><t:p1/></D:prop></D:remove>"
            "<D:set><D:prop><t:p2>%(p2)s</t:p2></D:prop></D:set>" % changes)
    return lambda area: Action("PROPPATCH", path, area.with_props(path, changes), (207,), body=PROPPATCH % body,
                               may_be_too_large=size > 100)


def set_executable(path):
    return lambda area: Action("PROPPATCH", path, area.with_props(path, {"executable": "T"}), (207,),
                               body=PROPPATCH % (EXECUTABLE % "T"))


def lock(path):
    def make(area):
        want = Lock(path, True, (5000,), time.monotonic())
        return Action("LOCK", path, area.with_lock("new", want), (200 if path in area.nodes else 201,),
                      headers={"Timeout": "Second-5000"}, body=lock_body(), lock=want)
    return make


def refresh(path):
    def make(area):
        after, (token, held) = area.copy(), next((t, l) for t, l in area.locks.items() if l.path == path)
        after.locks[token] = held._replace(timeouts=(90000,), since=time.monotonic())
        return Action("LOCK", path, after, (200,), headers={"If": "(<%s>)" % token, "Timeout": "Second-90000"})
    return make


def unlock(path):
    def make(area):
        token = next(t for t, l in area.locks.items() if l.path == path)
        return Action("UNLOCK", path, area.without_lock(token), (204,),
                      headers={"Lock-Token": "<%s>" % token, "If": ""})
    return make


# name: (what is done, what is locked before)
CASES = {
    "put-new": (put("w/n"), ()),
    "put-over": (put("f"), ()),
    "put-over-large": (put("w/g", 300000), ()),
    "put-over-locked": (put("t/u/a"), ("t",)),
    "mkcol": (mkcol("w/n"), ()),
    "delete-file": (delete("w/g"), ("w/g",)),
    "delete-tree": (delete("t"), ("t/u", "f")),
    "copy-file": (transfer("COPY", "f", "w/n"), ()),
    "copy-file-over-file": (transfer("COPY", "f", "w/g"), ("w/g",)),
    "copy-file-over-tree": (transfer("COPY", "f", "t"), ("t/u",)),
    "copy-tree": (transfer("COPY", "s", "w/n"), ("s",)),
    "copy-tree-over-tree": (transfer("COPY", "s", "t"), ("t/u/a",)),
    "copy-tree-over-inner": (transfer("COPY", "s/u", "w"), ()),
    "copy-tree-over-file": (transfer("COPY", "s", "f"), ()),
    "move-file": (transfer("MOVE", "f", "w/n"), ("f",)),
    "move-file-over-file": (transfer("MOVE", "f", "w/g"), ()),
    "move-file-over-tree": (transfer("MOVE", "f", "t"), ("t/u/v",)),
    "move-tree": (transfer("MOVE", "s", "w/n"), ("s/u",)),
    "move-tree-over-tree": (transfer("MOVE", "s", "t"), ("s/u/a", "t/u/b")),
    "move-tree-over-inner": (transfer("MOVE", "s/u", "t/u/v"), ()),
    "move-tree-over-file": (transfer("MOVE", "s", "w/g"), ()),
    "copy-large-props": (transfer("COPY", "h", "w/n"), ()),
    "copy-over-large-props": (transfer("COPY", "f", "h"), ()),
    "move-large-props": (transfer("MOVE", "h", "w/n"), ()),
    "move-over-large-props": (transfer("MOVE", "f", "h"), ()),
    "delete-large-props": (delete("h"), ()),
    "put-over-large-props": (put("h"), ()),
    "proppatch-file": (proppatch("f"), ()),
    "proppatch-folder": (proppatch("t/u"), ("t",)),
    "proppatch-executable": (set_executable("f"), ()),
    "proppatch-large-props": (proppatch("f", 15000), ()),
    "proppatch-large-props-again": (proppatch("h"), ()),
    "lock": (lock("t"), ()),
    "lock-free-name": (lock("w/n"), ()),
    "refresh": (refresh("t"), ("t",)),
    "unlock": (unlock("t"), ("t", "f")),
}


def set_up(server, prefix, locked, large):
    area, folder = example(large), server.path(prefix[1:])
    folder.mkdir()
    with server.connect() as connection:
        for path, node in area.nodes.items():
            if node.content is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(node.content)
            inner = "".join("<D:set><D:prop><t:%s>%s</t:%s></D:prop></D:set>" % (n, v, n) for n, v in node.props)
            if inner:
                same(connection.request("PROPPATCH", prefix + "/" + path, {}, PROPPATCH % inner).status, 207)
        for path in locked:
            answer = connection.request("LOCK", prefix + "/" + path, {"Timeout": "Second-8000"}, lock_body())
            area.locks[lock_token(answer)] = Lock(path, True, (8000,), time.monotonic())
    return area


def attempt(server, action):
    """Did it get its answer? The area afterwards then, else None."""
    try:
        with server.connect() as connection:
            return action.done(connection.request(action.method, action.target, action.headers, action.body))
    except (Closed, ConnectionError):
        return None


def check(server, prefix, action, acknowledged):
    with server.connect() as connection:
        found, locks = verify.read_area(server, connection, prefix)
        if acknowledged:
            area = verify.settle(acknowledged, None, found, locks)
        else:
            area = verify.settle(action.before, action, found, locks)
            verify.drop_left_locks(connection, action.before, area, prefix)
        verify.probe_locks(connection, area, prefix)
    eventually(lambda: verify.is_clean(server.root), "what is left over is removed")


def one_death(server, prefix, make, locked, large, call, recovery):
    """False if the operation lived through it. recovery: at which of its calls the recovery dies, 0: not; True
    if the recovery has fewer calls than that."""
    area = set_up(server, prefix, locked, large)
    action = addressed(make(area), area, prefix)
    server.arm(call)
    acknowledged = attempt(server, action)
    if acknowledged:  # what is done behind the answer may still be its death
        eventually(lambda: server.is_dead() or verify.is_clean(server.root), "the end of it")
    if not acknowledged and not server.is_dead(5):
        fail("no answer, and not dead")
    died, lived = not server.disarm(), True
    if died:
        server.died()
        lived = server.start_or_die(recovery)
        if not lived:
            server.start()
    check(server, prefix, action, acknowledged)
    shutil.rmtree(server.path(prefix[1:]))
    return died, lived


def run_case(server, name, make, locked, deep):
    call, more, large = 1, True, "large-props" in name
    while more:
        for recovery in itertools.count(1 if deep else call):
            prefix = "/%s-%d-%d" % (name, call, recovery)
            try:
                more, lived = one_death(server, prefix, make, locked, large, call, recovery)
            except BaseException:
                print("%s, dying at call %d, its recovery at call %d" % (name, call, recovery), flush=True)
                raise
            if not more or lived or not deep:
                break
        call += 3 if large and not deep else 1  # mostly pages of the database
    return call - 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=".")
    parser.add_argument("--durability", default="both", choices=("both", "full", "relaxed"))
    parser.add_argument("--deep", action="store_true", default=soak.ASKED)
    asked = parser.parse_args()
    tempfile.tempdir = scratch()
    for durability in ("full", "relaxed") if asked.durability == "both" else (asked.durability,):
        with Mortal("--durability", durability) as server:
            calls = {name: run_case(server, name, make, locked, asked.deep)
                     for name, (make, locked) in CASES.items() if re.search(asked.only, name)}
            print("%s: %d kills survived (%d of them in recovery): %s" % (
                durability, server.deaths, server.deaths_in_recovery,
                ", ".join("%s %d" % pair for pair in calls.items())), flush=True)
            same(all(calls.values()), True, "each operation has calls to die at")


main()
