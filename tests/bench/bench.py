#!/usr/bin/env python3
"""Measures the servers side by side; see script/bench. One table (markdown) on stdout, all samples in JSON.

All servers run at once, each on its own folder of one file system in memory; every measure goes round them
in turn, the order rotating, several rounds; medians count.
"""
import argparse
import contextlib
import json
import os
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
import servers as peers  # noqa: E402

HERE = Path(__file__).resolve().parent
PROPS = ('<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/>'
         "<D:getcontentlength/><D:getlastmodified/><D:getetag/><D:displayname/></D:prop></D:propfind>")

XML = ("-H", "Content-Type: application/xml", "--data-binary", PROPS)


class NotDone(Exception):
    """The server refuses or fails at this; the text goes into the table."""


def note(*words):
    print(*words, file=sys.stderr, flush=True)


# ---- doing one thing to one server ----

def curl(*arguments, timeout=300):
    """Seconds, status, bytes of one transfer."""
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{time_total} %{http_code} %{size_download}",
                           "--max-time", str(timeout), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise NotDone("fails: " + done.stderr.strip().split("\n")[-1][:60])
    seconds, status, size = done.stdout.split()
    return float(seconds), int(status), int(size)


def timed(wanted, *arguments):
    seconds, status, _ = curl(*arguments)
    if status not in wanted:
        raise NotDone("answers %d" % status)
    return seconds


def wrk(url, seconds, script=None, env=None):
    """Requests per second on 16 connections; any answer but 2xx spoils it."""
    command = ["wrk", "-t2", "-c16", "-d%ds" % seconds]
    if script:
        command += ["-s", str(HERE / script)]
    done = subprocess.run(command + [url], capture_output=True, text=True, env={**os.environ, **(env or {})})
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if done.returncode or not rate:
        raise NotDone("fails: " + (done.stderr or done.stdout).strip()[:60])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    if bad:
        raise NotDone("%s wrong answers" % bad[1])
    return float(rate[1])


def make_tree(path, folders, files, content=b"x" * 100):
    for i in range(folders):
        inner = path / ("d%03d" % i)
        inner.mkdir(parents=True)
        for j in range(files):
            (inner / ("f%05d" % j)).write_bytes(content)


def remove(path):
    subprocess.run(["rm", "-rf", str(path)], check=True)


# ---- the measures: each gives one number for one server ----

def listing(s, o, depth, target, wanted):
    """Lists once, counts, and complains if it is not what it should be."""
    answer = o.data / "listing.xml"
    done = subprocess.run(["curl", "-sS", "-o", str(answer), "-w", "%{http_code}", "-X", "PROPFIND", "-H", "Depth: " + depth,
                           *XML, "--max-time", "300", s.url + target], capture_output=True, text=True)
    if done.returncode or done.stdout != "207":
        raise NotDone("answers %s" % (done.stdout if not done.returncode else "nothing whole"))
    with open(answer, "rb") as f:
        count = len(re.findall(rb"</(?:\w+:)?response>", f.read()))
    answer.unlink()
    if count != wanted:
        raise NotDone("lists %d of %d" % (count, wanted))


def propfind_10000(s, o):
    listing(s, o, "1", "/many/", 10001)
    return min(timed((207,), "-X", "PROPFIND", "-H", "Depth: 1", *XML, s.url + "/many/") for _ in range(3))


def propfind_0(s, o):
    return wrk(s.url + "/small/f00000", o.seconds, "propfind.lua", {"BENCH_DEPTH": "0", "BENCH_BODY": PROPS})


def propfind_100(s, o):
    return wrk(s.url + "/small/", o.seconds, "propfind.lua", {"BENCH_DEPTH": "1", "BENCH_BODY": PROPS})


def get_1k(s, o):
    return wrk(s.url + "/1k", o.seconds)


def get_100m(s, o):
    return min(timed((200,), s.url + "/100m") for _ in range(3))


def put_1k(s, o):
    folder = s.root / "puts"
    remove(folder)
    folder.mkdir()
    s.own(folder)
    try:
        return wrk(s.url + "/puts/", o.seconds, "put.lua")
    finally:
        remove(folder)


def put_1g(s, o):
    try:
        return timed((201, 204), "-T", str(o.large), "-H", "Expect:", s.url + "/large")
    finally:
        (s.root / "large").unlink(missing_ok=True)


def copy_10000(s, o):
    remove(s.root / "copied")
    try:
        return timed((200, 201, 204), "-X", "COPY", "-H", "Destination: %s/copied/" % s.url, s.url + "/tree/")
    finally:
        remove(s.root / "copied")


def move_10000(s, o):
    try:
        return timed((200, 201, 204), "-X", "MOVE", "-H", "Destination: %s/moved/" % s.url, s.url + "/tree/")
    finally:
        if (s.root / "moved").exists() and not (s.root / "tree").exists():
            (s.root / "moved").rename(s.root / "tree")


def delete_10000(s, o):
    remove(s.root / "victim")
    subprocess.run(["cp", "-a", str(s.root / "tree"), str(s.root / "victim")], check=True)
    try:
        return timed((200, 204), "-X", "DELETE", s.url + "/victim/")
    finally:
        wait_quiet(s)
        remove(s.root / "victim")


def wait_quiet(s):
    """Until what the server does behind its answer is done, so that the next measure is not disturbed."""
    deadline = time.monotonic() + 30
    while any(n.startswith(".holdfast-") for n in os.listdir(s.root)) and time.monotonic() < deadline:
        time.sleep(0.01)


@contextlib.contextmanager
def fresh_server(s, o):
    """Another one of the same kind that has done nothing yet."""
    folder = Path(tempfile.mkdtemp(dir=o.data))
    folder.chmod(0o755)
    fresh = type(s)(folder)
    try:
        fresh.start()
        yield fresh
    finally:
        fresh.stop()
        remove(folder)


def memory_rest(s, o):
    with fresh_server(s, o) as fresh:
        settle(fresh)
        return fresh.pss_kib() / 1024


def settle(s):
    """Until its memory has stayed the same for a while."""
    last = []
    for _ in range(50):
        last = (last + [s.pss_kib()])[-5:]
        if len(last) == 5 and max(last) - min(last) < 64:
            return
        time.sleep(0.05)


def memory_1000(s, o):
    """With 1,000 idle connections, each after one request."""
    with fresh_server(s, o) as fresh, contextlib.ExitStack() as connections:
        for i in range(1000):
            try:
                c = connections.enter_context(socket.create_connection(("127.0.0.1", fresh.port), 10))
                c.sendall(b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = c.recv(4096)
            except OSError as error:
                raise NotDone("at connection %d: %s" % (i, error.strerror or error))
            if not answer.startswith(b"HTTP/1.1 2"):
                raise NotDone("at connection %d: %s" % (i, answer[9:12].decode()))
        settle(fresh)
        return fresh.pss_kib() / 1024


def memory_listing(s, o):
    """How much it grows while it lists 100,000 entries with Depth: infinity."""
    settle(s)
    before, most, done = s.pss_kib(), 0, threading.Event()

    def watch():
        nonlocal most
        while not done.is_set():
            most = max(most, s.pss_kib())
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        listing(s, o, "infinity", "/huge/", o.huge)
    finally:
        done.set()
        thread.join()
    return max(0, most - before) / 1024


# ---- the yardsticks: what the machine itself can do ----

def cp_a(o):
    return yardstick(o, "cp", "-a", o.yard / "tree", o.yard / "copied")


def mv(o):
    seconds = yardstick(o, "mv", o.yard / "tree", o.yard / "moved")
    (o.yard / "moved").rename(o.yard / "tree")
    return seconds


def rm_rf(o):
    subprocess.run(["cp", "-a", str(o.yard / "tree"), str(o.yard / "victim")], check=True)
    return yardstick(o, "rm", "-rf", o.yard / "victim")


def yardstick(o, *command):
    remove(o.yard / "copied")
    begun = time.monotonic()
    subprocess.run(list(map(str, command)), check=True)
    seconds = time.monotonic() - begun
    remove(o.yard / "copied")
    return seconds


# name: (what, unit, is more better, function, yardstick, target for holdfast)
# A target is (text, test of our median and the best peer's).
MEASURES = {
    "propfind-10000": ("PROPFIND Depth 1, 10,000 entries", "s", False, propfind_10000, None,
                       ("<= 1.5 x fastest", lambda own, best: own <= 1.5 * best)),
    "propfind-0": ("PROPFIND Depth 0, 16 connections", "req/s", True, propfind_0, None, None),
    "propfind-100": ("PROPFIND Depth 1, 100 entries, 16 connections", "req/s", True, propfind_100, None, None),
    "get-1k": ("GET 1 KiB, 16 connections", "req/s", True, get_1k, None,
               (">= 0.7 x fastest", lambda own, best: own >= 0.7 * best)),
    "get-100m": ("GET 100 MiB", "s", False, get_100m, None, None),
    "put-1k": ("PUT 1 KiB, 16 connections", "req/s", True, put_1k, None, None),
    "put-1g": ("PUT 1 GiB", "s", False, put_1g, None, None),
    "copy-10000": ("COPY 10,000 files in 100 folders", "s", False, copy_10000, ("cp -a", cp_a), None),
    "move-10000": ("MOVE 10,000 files in 100 folders", "s", False, move_10000, ("mv", mv), None),
    "delete-10000": ("DELETE 10,000 files in 100 folders", "s", False, delete_10000, ("rm -rf", rm_rf), None),
    "memory-rest": ("memory at rest (PSS)", "MiB", False, memory_rest, None, ("< 15 MiB", lambda own, best: own < 15)),
    "memory-1000": ("memory with 1,000 idle connections (PSS)", "MiB", False, memory_1000, None, None),
    "memory-listing": ("growth while listing 100,000 entries", "MiB", False, memory_listing, None,
                       ("< 8 MiB", lambda own, best: own < 8)),
}
ONCE = ("memory-listing",)  # the same every round, and slow


# ---- the whole ----

@contextlib.contextmanager
def data_folder(wanted):
    """A folder on a file system in memory, if one may be mounted; else where told, else a temporary one."""
    path = Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir=wanted))
    mounted = not wanted and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%,mode=755", "tmpfs", str(path)],
                                            capture_output=True).returncode == 0
    os.chmod(path, 0o755)
    try:
        yield path, "tmpfs" if mounted else "the file system of %s" % path.parent
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(path)], check=False)
        shutil.rmtree(path, ignore_errors=True)


def prepare(o, running, names):
    """What the measures need, in every server's folder and the yardsticks'."""
    o.large = o.data / "1g"
    if "put-1g" in names:
        with open(o.large, "wb") as f:
            for _ in range(1024):
                f.write(os.urandom(1 << 20))
    roots = [s.root for s in running] + [o.yard]
    for root in roots:
        make_tree(root / "tree", 100, 100)
        (root / "many").mkdir()
        (root / "small").mkdir()
        for i in range(10000 if "propfind-10000" in names else 0):
            (root / "many" / ("f%05d" % i)).write_bytes(b"x")
        for i in range(100):
            (root / "small" / ("f%05d" % i)).write_bytes(b"x")
        (root / "1k").write_bytes(b"x" * 1024)
        if "get-100m" in names:
            (root / "100m").write_bytes(os.urandom(100 << 20))
        if "memory-listing" in names:
            make_tree(root / "huge", 100, 999, b"")
    o.huge = 1 + 100 + 100 * 999
    for s in running:
        s.own(s.root)


def measure(o, running, names):
    samples = {name: {s.name: [] for s in running} for name in names}
    failures = {name: {} for name in names}
    yards = {}
    for round_number in range(o.rounds):
        for name in names:
            what, unit, _, function, yard, _ = MEASURES[name]
            if name in ONCE and round_number:
                continue
            turn = round_number % len(running)
            for s in running[turn:] + running[:turn]:
                try:
                    samples[name][s.name].append(function(s, o))
                except NotDone as reason:
                    failures[name][s.name] = str(reason)
            if yard:
                yards.setdefault(name, []).append(yard[1](o))
            note("round %d of %d: %s:" % (round_number + 1, o.rounds, name),
                 ", ".join("%s %s" % (s, shown(v[-1] if v else None, unit)) for s, v in samples[name].items()))
    return samples, failures, yards


def shown(value, unit):
    if value is None:
        return "-"
    if unit == "req/s":
        return "%.0f" % value
    return ("%.1f" if unit == "MiB" else "%.3f" if value >= 0.0995 else "%.4f") % value


def table(names, order, samples, failures, yards):
    lines = ["| measure | unit | %s | yardstick | holdfast / best peer | target |" % " | ".join(order),
             "|---|---|%s---|---|---|" % ("---:|" * len(order))]
    summary = {}
    for name in names:
        what, unit, more, _, yard, target = MEASURES[name]
        medians = {s: statistics.median(v) for s, v in samples[name].items() if v}
        best = [v for s, v in medians.items() if s != "holdfast" and s not in failures[name]]
        best = (max(best) if more else min(best)) if best else None
        own = medians.get("holdfast")
        cells = [failures[name].get(s) or shown(medians.get(s), unit) for s in order]
        yard_text = "%s %s" % (yard[0], shown(statistics.median(yards[name]), unit)) if yard else ""
        ratio = own / best if own and best else None
        met = target[1](own, best) if target and own is not None and (best or "fastest" not in target[0]) else None
        target_text = "" if not target else target[0] + {True: ": met", False: ": **missed**", None: ""}[met]
        lines.append("| %s | %s | %s | %s | %s | %s |" % (what, unit + (" (more is better)" if more else ""), " | ".join(cells),
                                                         yard_text, "%.2f" % ratio if ratio else "", target_text))
        summary[name] = {"what": what, "unit": unit, "more_is_better": more, "medians": medians, "ratio": ratio,
                         "target": target[0] if target else None, "met": met}
    return "\n".join(lines), summary


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="this measure; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each requests/s measure (default 3)")
    parser.add_argument("--json", default="bench.json", metavar="FILE", help="default: bench.json")
    parser.add_argument("--servers", default=",".join(peers.ALL), help="default: all")
    parser.add_argument("--data", metavar="DIR", help="where to put the data (default: a tmpfs)")
    parser.add_argument("--list", action="store_true", help="names the measures")
    o = parser.parse_args()
    if o.list:
        print("\n".join("%-16s %s" % (name, m[0]) for name, m in MEASURES.items()))
        return 0
    names = o.only or list(MEASURES)
    for name in names:
        if name not in MEASURES:
            parser.error("there is no measure %s (--list tells them)" % name)
    order = o.servers.split(",")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384) if hard > 0 else 16384, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with data_folder(o.data) as (data, where):
        o.data, o.yard = data, data / "yardstick"
        o.yard.mkdir()
        running = [peers.ALL[name](data) for name in order]
        try:
            for s in running:
                s.start()
            versions = {s.name: s.version() for s in running}
            note("data on %s; preparing" % where)
            prepare(o, running, names)
            samples, failures, yards = measure(o, running, names)
        finally:
            for s in running:
                s.stop()
    text, summary = table(names, order, samples, failures, yards)
    print("%s; %d cores, Linux %s, data on %s; medians of %d rounds\n" % (
        ", ".join("%s" % v for v in versions.values()), os.cpu_count(), ".".join(platform.release().split(".")[:2]), where, o.rounds))
    print(text)
    Path(o.json).write_text(json.dumps({"versions": versions, "cores": os.cpu_count(), "kernel": ".".join(platform.release().split(".")[:2]),
                                        "data": where, "rounds": o.rounds, "summary": summary, "samples": samples,
                                        "failures": failures, "yardsticks": yards}, indent=1) + "\n")
    note("all samples: %s" % o.json)
    return 0


sys.exit(main())
