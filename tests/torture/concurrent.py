#!/usr/bin/env python3
"""Sixteen clients at once on one tree: each is told the truth, and nothing is lost, mixed up or left over.

    concurrent.py [--seed N] [--seconds S] [--durability full|relaxed]

Six change areas of their own and know exactly what must be there (area.py). Eight fight for a folder, its files
and a lock (contest.py): some order of all that they asked must explain all that they were told. Two list the
whole tree all the time: each listing is whole XML, and has every name that was there from its beginning to its
end. Afterwards nothing of ours lies about, and the server has the descriptors that it had before, and not
more memory than is its due.
"""
import argparse
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

import soak
import verify
from client import Client, until_dead
from contest import FolderContest, LockContest
from holdfast import Server, eventually, fail, hrefs, sanitized, same
from mortal import scratch

OWN, LISTING, TURNS = 6, 2, 25  # TURNS: of each client in one contest
CONTESTS = ((FolderContest, 3), (FolderContest, 3), (LockContest, 2))
GROWTH_KIB = 64 * 1024  # results that are kept, the journal, arenas of threads: it levels off after a minute


class Arena:
    """The clients that fight for one thing, round after round; between two rounds it is looked at."""

    def __init__(self, server, kind, count, number, seed, is_over):
        self.server, self.is_over, self.error = server, is_over, None
        self.contest = kind(server, "contest%d" % number)
        self.barrier = threading.Barrier(count, self.next_round)
        self.rngs = [random.Random("%d %d %d" % (seed, number, i)) for i in range(count)]

    def next_round(self):
        self.contest.check()
        self.contest.begin()
        self.ended = self.is_over()

    def work(self, rng):
        def turns(connection):
            for _ in range(TURNS):
                self.contest.act(connection, rng)
            self.barrier.wait()

        self.ended = False
        error = until_dead(self.server, turns, lambda: self.ended)
        if error:
            self.barrier.abort()
            self.error = error if not isinstance(error, threading.BrokenBarrierError) else self.error or error

    def threads(self):
        return [threading.Thread(target=self.work, args=(rng,)) for rng in self.rngs]


class Lister:
    """Lists everything, again and again."""

    def __init__(self, server, clients, is_over):
        self.server, self.clients, self.is_over = server, clients, is_over
        self.error, self.listings = None, 0

    def list(self, connection):
        since = [(len(client.destroyed), client.area) for client in self.clients]
        listed = hrefs(connection.request("PROPFIND", "/", {"Depth": "infinity"}))
        names = {href.rstrip("/") for href in listed}
        same(len(names), len(listed), "names listed twice")
        same([name for name in names if "/.holdfast" in name], [], "names of ours listed")
        for client, (count, area) in zip(self.clients, since):
            gone = [tree for trees in client.destroyed[max(0, count - 1):] for tree in trees]
            missing = [path for path in area.nodes if client.prefix + "/" + path not in names
                       and not any(verify.is_in(path, tree) for tree in gone)]
            same(missing, [], "names that were there all the time and are not listed")
        self.listings += 1

    def work(self):
        self.error = until_dead(self.server, self.list, self.is_over)


def descriptors(server):
    return len(os.listdir("/proc/%d/fd" % server.process.pid))


def settled_descriptors(server):
    """Once nothing goes on any more: twice the same."""
    counts = [None]

    def is_still():
        counts.append(descriptors(server))
        time.sleep(0.1)
        return counts[-1] == counts[-2]

    eventually(is_still, "the descriptors come to rest")
    return counts[-1]


def run(server, first, seed, seconds):
    end = time.monotonic() + seconds
    is_over = lambda: time.monotonic() > end  # noqa: E731
    clients = [Client(first + i, server, random.Random("%d %d" % (seed, i))) for i in range(OWN)]
    arenas = [Arena(server, kind, count, first + i, seed, is_over) for i, (kind, count) in enumerate(CONTESTS)]
    listers = [Lister(server, clients, is_over) for _ in range(LISTING)]
    threads = [threading.Thread(target=c.work, args=(is_over,)) for c in clients]
    threads += [threading.Thread(target=lister.work) for lister in listers]
    for arena in arenas:
        threads += arena.threads()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in arenas + listers:
        if worker.error:
            raise worker.error if isinstance(worker.error, BaseException) else AssertionError(worker.error)
    for client in clients:
        client.check()
    return {"clients": len(threads), "alone": sum(c.acknowledged for c in clients),
            "contested": sum(a.contest.answered for a in arenas), "rounds": sum(a.contest.rounds for a in arenas),
            "listings": sum(lister.listings for lister in listers)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--seconds", type=float, default=90 if soak.ASKED else 15)
    parser.add_argument("--durability", default="relaxed", choices=("full", "relaxed"))
    asked = parser.parse_args()
    tempfile.tempdir = scratch()
    print("--seed %d" % asked.seed, flush=True)
    with Server("--durability", asked.durability, "--log-level", "warning") as server:
        run(server, 0, asked.seed, 1)  # what it makes once, it may keep
        before, memory = settled_descriptors(server), server.memory_kib()
        counts = run(server, 100, asked.seed, asked.seconds)
        eventually(lambda: verify.is_clean(server.root), "what was replaced is removed")
        after, growth = settled_descriptors(server), server.memory_kib() - memory
        same(after, before, "descriptors that are open")
        if growth > GROWTH_KIB and not sanitized():
            fail("it has grown by %d KiB" % growth)
        print("%(clients)d clients: %(alone)d operations alone, %(contested)d contested in %(rounds)d rounds, "
              "%(listings)d listings: all as it should be" % counts
              + "; %d descriptors before and after, %+d KiB" % (after, growth), flush=True)


main()
