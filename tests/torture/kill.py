#!/usr/bin/env python3
"""kill -9 at random moments, again and again: what was acknowledged is there, all else is old or new.

    kill.py [--seed N] [--seconds S] [--kills N] [--durability full|relaxed|both]

Clients change areas of their own (area.py, actions.py) until the server dies: at a random time, or at a
random call that changes something. It is started again, and may die in its recovery too. Then each area is
compared with its model (verify.py), and the clients go on. Others fight for one folder and one lock meanwhile
(contest.py): what they were told, and what is left, must be explained by some order (history.py).
"""
import argparse
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
from holdfast import PATIENCE, eventually, fail, same
from mortal import Mortal, scratch

CLIENTS = 4


class Contestant:
    def __init__(self, server, contest, rng):
        self.server, self.contest, self.rng, self.error = server, contest, rng, None

    def work(self):
        self.error = until_dead(self.server, lambda connection: self.contest.act(connection, self.rng))


def kill(server, rng, workers):
    """Lets them work until the server dies, and starts it again."""
    threads = [threading.Thread(target=worker.work) for worker in workers]
    if rng.random() < 0.7:
        server.arm(int(2 ** rng.uniform(0, 9)))
    for thread in threads:
        thread.start()
    if not server.is_dead(rng.uniform(0.002, 0.08) * PATIENCE):
        server.process.kill()
    server.died()
    for thread in threads:
        thread.join()
    moments = [int(2 ** rng.uniform(0, 4)) for _ in range(4)] if rng.random() < 0.4 else []
    server.revive(moments)


def check_contests(contests, others):
    for other in others:
        if other.error:
            fail("%s: %s" % (other.contest.name, other.error))
    for contest in contests:
        contest.check()
        contest.begin()


def torture(durability, seed, seconds, kills):
    rng = random.Random("%s%d" % (durability, seed))
    with Mortal("--durability", durability) as server:
        clients = [Client(number, server, random.Random(rng.random())) for number in range(CLIENTS)]
        contests = [FolderContest(server, "folder"), LockContest(server, "lock")]
        others = [Contestant(server, contest, random.Random(rng.random())) for contest in contests for _ in range(2)]
        end = time.monotonic() + seconds
        while server.deaths < kills if kills else time.monotonic() < end:
            kill(server, rng, clients + others)
            for client in clients:
                client.check()
            check_contests(contests, others)
            if rng.random() < 0.7:  # else it may die while it still removes things
                eventually(lambda: verify.is_clean(server.root), "what is left over is removed")
        counts = [sum(getattr(c, name) for c in clients)
                  for name in ("acknowledged", "unacknowledged", "done_after_all", "abandoned")]
        counts[0] += sum(contest.answered for contest in contests)
        print("%s: %d kills survived (%d of them in recovery), %d acknowledged operations checked, lost: 0; %d not "
              "acknowledged, of them done: %d, leaving a lock on nothing: %d"
              % (durability, server.deaths, server.deaths_in_recovery, *counts), flush=True)
        same(server.deaths > 0, True, "kills")
        server.alive()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--kills", type=int, default=500 if soak.ASKED else 0)
    parser.add_argument("--durability", default="both", choices=("both", "full", "relaxed"))
    asked = parser.parse_args()
    tempfile.tempdir = scratch()
    print("--seed %d" % asked.seed, flush=True)
    for durability in ("full", "relaxed") if asked.durability == "both" else (asked.durability,):
        torture(durability, asked.seed, asked.seconds, asked.kills)


main()
