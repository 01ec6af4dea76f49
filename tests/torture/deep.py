#!/usr/bin/env python3
"""COPY, MOVE and DELETE of folders within folders, 10,000 deep, with 1,024 descriptors at most.

    deep.py [--levels N]

The path of the innermost is longer than any system call takes, so all here goes from folder to folder too.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

from holdfast import Server, eventually, same
from mortal import scratch

FOLDER, FILE, EVERY = "d", "f", 100  # a file in each hundredth, and in the last
FLAGS = os.O_RDONLY | os.O_DIRECTORY


def step_in(fd, name):
    inner = os.open(name, FLAGS, dir_fd=fd)
    os.close(fd)
    return inner


def make(path, levels):
    path.mkdir()
    fd = os.open(path, FLAGS)
    for level in range(1, levels + 1):
        os.mkdir(FOLDER, dir_fd=fd)
        fd = step_in(fd, FOLDER)
        if level % EVERY == 0 or level == levels:
            file = os.open(FILE, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=fd)
            os.write(file, b"level %d" % level)
            os.close(file)
    os.close(fd)


def measure(path):
    """How many levels there are; the files must be what make() wrote."""
    fd, level = os.open(path, FLAGS), 0
    names = os.listdir(fd)
    while FOLDER in names:
        fd, level = step_in(fd, FOLDER), level + 1
        names = os.listdir(fd)
        if FILE in names:
            file = os.open(FILE, os.O_RDONLY, dir_fd=fd)
            same(os.read(file, 100), b"level %d" % level, "content")
            os.close(file)
        same(sorted(set(names) - {FOLDER, FILE}), [], "names on level %d" % level)
    same(FILE in names, True, "a file on level %d, the last" % level)
    os.close(fd)
    return level


def timed(server, *request):
    began = time.monotonic()
    with server.connect(timeout=300) as connection:
        status = connection.request(*request).status
    return status, time.monotonic() - began


def work(server, levels):
    """COPY, MOVE, COPY over that, DELETE; the seconds of each."""
    seconds = {}
    status, seconds["COPY"] = timed(server, "COPY", "/deep", {"Destination": "/copy"})
    same(status, 201, "COPY")
    same(measure(server.path("copy")), levels, "levels of the copy")
    status, seconds["MOVE"] = timed(server, "MOVE", "/copy", {"Destination": "/moved"})
    same(status, 201, "MOVE")
    same(measure(server.path("moved")), levels, "levels of what was moved")
    status, seconds["COPY over it"] = timed(server, "COPY", "/deep", {"Destination": "/moved"})
    same(status, 204, "COPY over it")
    same(measure(server.path("moved")), levels, "levels of the second copy")
    status, seconds["DELETE"] = timed(server, "DELETE", "/moved")
    same(status, 204, "DELETE")
    began = time.monotonic()
    eventually(lambda: os.listdir(server.root) == ["deep"], "all is removed", 60)
    seconds["the rest of it"] = time.monotonic() - began
    same(measure(server.path("deep")), levels, "levels of the source")
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--levels", type=int, default=10000)
    levels = parser.parse_args().levels
    tempfile.tempdir = scratch()
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    with Server("--log-level", "warning") as server:
        try:
            make(server.path("deep"), levels)
            seconds = work(server, levels)
            print("%d levels: %s; peak %d MiB" % (
                levels, ", ".join("%s %.3f s" % pair for pair in seconds.items()), server.memory_kib("VmHWM") // 1024))
        except BaseException:
            server.kill()
            raise
        finally:  # Python cannot
            subprocess.run(["rm", "-rf", *(str(path) for path in server.root.iterdir())], check=True)


main()
