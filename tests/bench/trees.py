"""COPY, MOVE and DELETE of trees, and what the machine itself needs for them. Times in seconds."""
import os
import statistics
import subprocess
import time

from data import check_copy, quiet, remove
from generators import NotDone, answer_time

PURGE_SECONDS = 60  # a server that has not removed the tree by then never does


def copy(name):
    def function(s, o):
        remove(s.root / "copied")
        try:
            seconds = answer_time(s, "COPY", "/%s/" % name, "Destination: %s/copied/" % s.url)
            try:
                check_copy(s.root / name, s.root / "copied")
            except NotDone as reason:
                raise NotDone(str(reason), seconds)
            return seconds
        finally:
            remove(s.root / "copied")
    return function


def move(name):
    """The median of five there and back."""
    def function(s, o):
        here, there, samples = "/%s/" % name, "/moved/", []
        for _ in range(10):
            samples.append(answer_time(s, "MOVE", here, "Destination: %s%s" % (s.url, there)))
            if not (s.root / there[1:-1] / "d000").exists() or (s.root / here[1:-1]).exists():
                raise NotDone("does not move it")
            here, there = there, here
        return statistics.median(samples)
    return function


def free_inodes(o):
    return os.statvfs(o.data).f_ffree


def remains(s, o, free):
    """Whether inodes are still taken (but for a few that a server may take for itself). Where others make files on that
    file system too, whether a name of Holdfast's trash is there."""
    if o.private:
        return free_inodes(o) < free - 16
    return any(name.startswith(".holdfast-") for name in os.listdir(s.root))


def deletion(s, o, name, free):
    """Seconds to the answer, and until all of it is gone."""
    begun = time.perf_counter()
    answer = answer_time(s, "DELETE", "/%s/" % name)
    if (s.root / name).exists():
        raise NotDone("does not delete it", answer)
    while remains(s, o, free):
        time.sleep(0.0005)
        if time.perf_counter() - begun > PURGE_SECONDS:
            raise NotDone("never frees it", answer)
    return answer, time.perf_counter() - begun


def delete(s, o):
    remove(s.root / "victim")
    free = free_inodes(o)
    subprocess.run(["cp", "-a", str(s.root / "tree"), str(s.root / "victim")], check=True)
    quiet(o)
    try:
        return deletion(s, o, "victim", free)
    finally:
        remove(s.root / "victim")


def delete_huge(s, o):
    """The large tree itself, so nothing can be measured with it afterwards."""
    return deletion(s, o, "huge", free_inodes(o) + o.huge)


def seconds_of(*command, **options):
    begun = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, **options)
    return time.perf_counter() - begun


def cp(name, *options):
    def yardstick(o):
        try:
            return seconds_of("cp", "-a", *options, o.yard / name, o.yard / "copied")
        finally:
            remove(o.yard / "copied")
    return yardstick


def mv(name):
    def yardstick(o):
        try:
            return seconds_of("mv", o.yard / name, o.yard / "moved")
        finally:
            (o.yard / "moved").rename(o.yard / name)
    return yardstick


def rm(o):
    subprocess.run(["cp", "-a", str(o.yard / "tree"), str(o.yard / "victim")], check=True)
    quiet(o)
    return seconds_of("rm", "-rf", o.yard / "victim")


def rm_huge(o):
    return seconds_of("rm", "-rf", o.yard / "huge")


def find(name, *options):
    """Looks at everything that a listing shows."""
    def yardstick(o):
        return min(seconds_of("find", o.yard / name, *options, "-printf", "%p %y %s %T@ %C@ %m %i\\n",
                              stdout=subprocess.DEVNULL) for _ in range(3))
    return yardstick
