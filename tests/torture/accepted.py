#!/usr/bin/env python3
"""What was answered 202 is done, whichever call the server dies at, and its recovery too: it is told so by its page.

    accepted.py [--only REGEX] [--durability full|relaxed|both]

Each operation asks for a 202 and is tried with the server dying at its first call that changes something
(tests/preload/crash.c), its second and so on, until it lives through it; the recovery dies as well. Names come
and go slowly (slow.c), so that the 202 is sent before they do. A 202 is a promise: after the restart the job
ends by itself with the status it would have had, and the folder is as it should be. Only an upload may be lost,
and its job says so then.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

import verify
from holdfast import Closed, eventually, fail, same, slow_lib, tree, write_tree
from mortal import Mortal, scratch

PUBLISHING = "renameat2=15,linkat=15,unlinkat=15"


class Slow(Mortal):
    def environment(self):
        env = super().environment()
        env["LD_PRELOAD"] += " " + slow_lib()
        env.update(HOLDFAST_SLOW=PUBLISHING, HOLDFAST_SLOW_MATCH="slow")
        return env


# name: (method, source, destination, status, body)
CASES = {
    "copy-file": ("COPY", "slow-f", "slow-n", 201, None),
    "copy-file-over": ("COPY", "slow-f", "slow-o", 204, None),
    "copy-tree": ("COPY", "slow-t", "slow-n", 201, None),
    "copy-tree-over": ("COPY", "slow-t", "slow-u", 204, None),
    "move-file": ("MOVE", "slow-f", "slow-n", 201, None),
    "move-tree-over": ("MOVE", "slow-t", "slow-u", 204, None),
    "delete-file": ("DELETE", "slow-f", None, 204, None),
    "delete-tree": ("DELETE", "slow-t", None, 204, None),
    "put": ("PUT", "slow-n", None, 201, b"new"),
    "put-over": ("PUT", "slow-o", None, 204, b"new"),
    "move-file-across": ("MOVE", "slow-f", "mnt/slow-n", 201, None),
    "move-tree-across": ("MOVE", "slow-t", "mnt/slow-n", 201, None),
    "move-tree-across-over": ("MOVE", "slow-t", "mnt/slow-u", 204, None),
}


def set_up(folder):
    write_tree(folder / "slow-t", 2, 2)
    write_tree(folder / "slow-u", 1, 2)
    (folder / "slow-f").write_bytes(b"file")
    (folder / "slow-o").write_bytes(b"old")
    (folder / "mnt").mkdir()


def mount(folder):
    """Another file system. False: we may not."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder / "mnt")], capture_output=True)
    if not done.returncode:
        write_tree(folder / "mnt" / "slow-u", 1, 2)
    return not done.returncode


def inside(files, name):
    """What is at and below a name: path from there -> content."""
    return {path[len(name):]: content for path, content in files.items() if (path + "/").startswith(name + "/")}


def changed(before, method, source, dest, body):
    """The folder as it is when it is done."""
    after, name = dict(before), dest or source
    for path in inside(before, name):
        del after[name + path]
    if body:
        after[name] = body
    elif dest:
        after.update({dest + path: content for path, content in inside(before, source).items()})
    if method == "MOVE":
        for path in inside(before, source):
            del after[source + path]
    return after


def ask(server, prefix, method, source, dest, body):
    """The status, and the job's page after a 202; None, None without an answer."""
    headers = {"Prefer": "respond-async, wait=0"}
    if dest:
        headers["Destination"] = prefix + "/" + dest
    try:
        with server.connect() as connection:
            answer = connection.request(method, prefix + "/" + source, headers, body)
            return answer.status, answer.get("location") if answer.status == 202 else None
    except (Closed, ConnectionError):
        return None, None


def result(server, page):
    found = []

    def is_over():
        answer = server.request("GET", page)
        same(answer.status, 200, "the page of what was accepted")
        found[:] = [json.loads(answer.body)]
        return "result" in found[0]

    eventually(is_over, "the end of what was accepted")
    return found[0]["result"]["status"]


def one_death(server, folder, case, call, promises):
    """False if it lived through it."""
    method, source, dest, status, body = case
    before = tree(folder)
    after = changed(before, method, source, dest, body)
    server.arm(call)
    answer, page = ask(server, "/" + folder.name, method, source, dest, body)
    if answer is None and not server.is_dead(5):
        fail("no answer, and not dead")
    if page:  # it dies at any moment, or ends
        def is_over():
            try:
                return server.is_dead() or "result" in json.loads(server.request("GET", page).body)
            except (Closed, ConnectionError, OSError):
                return False
        eventually(is_over, "its end")
        eventually(lambda: server.is_dead() or verify.is_clean(folder), "what comes behind it")
    died = server.is_dead(0.02)
    if died:
        server.died()
        if not server.start_or_die(call):
            server.start()
    server.arm(0)
    if page:
        promises.append(case)
        answer = result(server, page)
    lost = method == "PUT" and answer == 503
    same(answer, (None, status, 503 if lost else status), "the status")
    allowed = [before] if lost else [after] if answer else [before, after]
    # One that was noted, but whose 202 did not get out, may run while the folder is read.
    eventually(lambda: tree_once_clean(folder) in allowed, "the folder is as told (%s)" % answer)
    return died


def tree_once_clean(folder):
    eventually(lambda: verify.is_clean(folder), "what is left over is removed")
    return tree(folder)


def is_removed(folder):
    try:
        shutil.rmtree(folder)
    except OSError:
        pass
    return not folder.exists()


def run_case(server, name, case, promises):
    call, more = 1, True
    while more:
        folder = server.path("%s-%d" % (name, call))
        set_up(folder)
        is_mounted = (case[2] or "").startswith("mnt/")
        if is_mounted and not mount(folder):
            return 0
        try:
            more = one_death(server, folder, case, call, promises)
        except BaseException:
            print("%s, dying at call %d" % (name, call), flush=True)
            raise
        finally:
            if is_mounted:
                subprocess.run(["umount", "-l", str(folder / "mnt")], check=True)
        eventually(lambda: is_removed(folder), "the folder is removed, whatever still runs in it")
        call += 1
    return call - 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=".")
    parser.add_argument("--durability", default="both", choices=("both", "full", "relaxed"))
    asked = parser.parse_args()
    tempfile.tempdir = scratch()
    for durability in ("full", "relaxed") if asked.durability == "both" else (asked.durability,):
        with Slow("--durability", durability, "--heartbeat", "30", "--min-free", "0") as server:
            promises = []
            calls = {name: run_case(server, name, case, promises)
                     for name, case in CASES.items() if re.search(asked.only, name)}
            print("%s: %d kills survived (%d of them in recovery), %d promises kept: %s" % (
                durability, server.deaths, server.deaths_in_recovery, len(promises),
                ", ".join("%s %d" % pair for pair in calls.items())), flush=True)
            same(len(promises) > 0, True, "something was promised")


main()
