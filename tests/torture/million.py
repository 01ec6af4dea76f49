#!/usr/bin/env python3
"""A tree of a million small files is listed, copied, moved and deleted with curl: the times, and what memory it took.

    million.py [--files N] [--in FOLDER] [--durability full|relaxed] [--workers N]

A tenth of the files lies in one folder, the others in folders of a hundred. Needs about 10 GiB and 2,300,000
inodes on ext4 for a million; where there is less it says so and is skipped. Peak is VmHWM, set back before each
step; PSS is what the process holds after it.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.parsers.expat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

from holdfast import Server, eventually, re, same, skip

IN_ONE = 100
CURL = ["curl", "-sS", "--max-time", "3600"]


def content(folder, i):
    return ("%s/%d\n" % (folder, i)).encode()


def folders(files):
    """(name, how many files) of each folder."""
    flat = files // 10
    yield "flat", flat
    for i in range((files - flat) // IN_ONE):
        yield "d%05d" % i, IN_ONE


def make(top, files):
    top.mkdir()
    for name, count in folders(files):
        (top / name).mkdir()
        fd = os.open(top / name, os.O_RDONLY | os.O_DIRECTORY)
        for i in range(count):
            file = os.open("f%06d" % i, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=fd)
            os.write(file, content(name, i))
            os.close(file)
        os.close(fd)


def check_tree(top, files):
    """Every name, and the content of one file in each folder."""
    for name, count in folders(files):
        same(len(os.listdir(top / name)), count, "files in %s/%s" % (top, name))
        i = count * 7 // 11
        same((top / name / ("f%06d" % i)).read_bytes(), content(name, i), "%s/%s" % (name, i))
    same(len(os.listdir(top)), sum(1 for _ in folders(files)), "folders in %s" % top)


class Measured:
    """One step: a line with its times and the memory it took."""

    def __init__(self, server):
        self.server, self.proc = server, Path("/proc/%d" % server.process.pid)

    def pss_kib(self):
        return int(re.search(r"^Pss:\s+(\d+)", (self.proc / "smaps_rollup").read_text(), re.M)[1])

    def curl(self, what, method, target, *headers, wanted):
        (self.proc / "clear_refs").write_text("5")
        command = CURL + ["-X", method, "-o", "/dev/null", "-w", "%{http_code} %{time_total} %{time_starttransfer} "
                          "%{size_download}", self.server.url + target]
        for header in headers:
            command += ["-H", header]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        status, total, first, size = done.stdout.split()
        self.tell(what, float(total), " (first byte %.4f s, %.1f MB)" % (float(first), int(size) / 1e6)
                  if method == "PROPFIND" else "")
        same(int(status), wanted, what)

    def tell(self, what, seconds, more=""):
        print("%-42s %9.3f s%s; peak %.1f MiB, PSS after %.1f MiB" % (
            what, seconds, more, self.server.memory_kib("VmHWM") / 1024, self.pss_kib() / 1024), flush=True)

    def purged(self, names):
        began = time.monotonic()
        eventually(lambda: sorted(os.listdir(self.server.root)) == sorted(names), "the rest is removed", 3600)
        self.tell("  removed behind the answer", time.monotonic() - began)


def count_listed(server, target, depth):
    """How many <response> a listing has; it must be whole XML. Nothing of it is kept."""
    found = [0]

    def begin(name, _):
        found[0] += name == "DAV: response"

    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    curl = subprocess.Popen(CURL + ["-X", "PROPFIND", "-H", "Depth: " + depth, server.url + target],
                            stdout=subprocess.PIPE)
    parser.ParseFile(curl.stdout)
    same(curl.wait(), 0, "curl")
    return found[0]


def enough(folder, files):
    space = os.statvfs(folder)
    if space.f_bavail * space.f_frsize < files * 10000 or 0 < space.f_favail < files * 2.1:
        skip("%d files need %d MB and %d inodes in %s" % (files, files // 100, files * 2.1, folder))


def work(server, files):
    step, all_of_it = Measured(server), files + 1 + sum(1 for _ in folders(files))
    began = time.monotonic()
    make(server.path("tree"), files)
    print("%-42s %9.3f s" % ("(made: %d files)" % files, time.monotonic() - began), flush=True)
    step.curl("COPY", "COPY", "/tree", "Destination: /copy", wanted=201)
    check_tree(server.path("copy"), files)
    step.curl("PROPFIND Depth: infinity", "PROPFIND", "/copy", "Depth: infinity", wanted=207)
    same(count_listed(server, "/copy", "infinity"), all_of_it, "listed at infinity")
    step.curl("PROPFIND Depth: 1 of %d" % (files // 10), "PROPFIND", "/copy/flat", "Depth: 1", wanted=207)
    same(count_listed(server, "/copy/flat", "1"), files // 10 + 1, "listed at 1")
    step.curl("MOVE", "MOVE", "/copy", "Destination: /moved", wanted=201)
    check_tree(server.path("moved"), files)
    step.curl("MOVE over a tree", "MOVE", "/moved", "Destination: /tree", wanted=204)
    step.purged(["tree"])
    check_tree(server.path("tree"), files)
    step.curl("DELETE", "DELETE", "/tree", wanted=204)
    step.purged([])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=1000000)
    parser.add_argument("--in", dest="folder", default=tempfile.gettempdir())
    parser.add_argument("--durability", default="relaxed", choices=("full", "relaxed"))
    parser.add_argument("--workers", default="4")
    asked = parser.parse_args()
    enough(asked.folder, asked.files)
    tempfile.tempdir = asked.folder
    with Server("--durability", asked.durability, "--workers", asked.workers, "--job-timeout", "0",
                "--log-level", "warning") as server:
        work(server, asked.files)
        server.alive()


main()
