#!/usr/bin/env python3
"""kill -9 at random moments, again and again: what was acknowledged is there, all else is old or new.

    kill.py [--seed N] [--seconds S] [--kills N] [--durability full|relaxed|both]

Clients change areas of their own (area.py, actions.py) until the server dies: at a random time, or at a
random call that changes something. It is started again, and may die in its recovery too. Then each area is
compared with its model (verify.py), and the clients go on.
"""
import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

import actions
import soak
import verify
from area import Area
from holdfast import PATIENCE, Closed, eventually, fail, same
from mortal import Mortal, scratch

CLIENTS = 4


class Client:
    """One area, and what was asked for there."""

    def __init__(self, number, server, rng):
        self.number, self.server, self.rng = number, server, rng
        self.serial = self.acknowledged = self.unacknowledged = self.done_after_all = self.abandoned = 0
        self.action = self.error = None
        self.begin()

    def begin(self):
        """A new area; the files are made behind the server's back."""
        self.prefix = "/k%d-%d" % (self.number, self.abandoned)
        self.area = actions.start(self.rng)
        self.server.path(self.prefix[1:]).mkdir()
        for path, node in self.area.nodes.items():
            if node.content is None:
                self.server.path(self.prefix[1:] + "/" + path).mkdir()
            else:
                self.server.write(self.prefix[1:] + "/" + path, node.content)

    # ---- until the server dies ----

    def work(self):
        try:
            with self.server.connect() as connection:
                while True:
                    self.serial += 1
                    action = actions.choose(self.rng, self.area, self.prefix, "%d.%d" % (self.number, self.serial))
                    self.action = action
                    answer = connection.request(action.method, action.target, action.headers, action.body, **action.how)
                    self.area = action.done(answer)
                    self.action = None
                    self.acknowledged += 1
        except TimeoutError:
            self.error = "no answer to %s" % self.action
        except (Closed, OSError):
            pass
        except BaseException as error:  # told by the main thread
            self.error = error

    # ---- and after it lives again ----

    def check(self):
        if self.error:
            fail("client %d: %s" % (self.number, self.error))
        with self.server.connect() as connection:
            action, before, self.action = self.action, self.area, None
            found, locks = verify.read_area(self.server, connection, self.prefix)
            self.area = verify.settle(before, action, found, locks)
            self.count(action, before)
            if action:
                verify.drop_left_locks(connection, before, self.area, self.prefix)
            if action and action.lock and verify.is_blocked(connection, self.area, action, self.prefix):
                self.abandoned += 1
                self.begin()
            verify.probe_locks(connection, self.area, self.prefix)

    def count(self, action, before):
        if action:
            self.unacknowledged += 1
            self.done_after_all += Area(before.nodes).nodes != self.area.nodes or set(before.locks) != set(self.area.locks)


def kill(server, rng, clients):
    """Lets them work until the server dies, and starts it again."""
    threads = [threading.Thread(target=client.work) for client in clients]
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


def torture(durability, seed, seconds, kills):
    rng = random.Random("%s%d" % (durability, seed))
    with Mortal("--durability", durability) as server:
        clients = [Client(number, server, random.Random(rng.random())) for number in range(CLIENTS)]
        end = time.monotonic() + seconds
        while server.deaths < kills if kills else time.monotonic() < end:
            kill(server, rng, clients)
            for client in clients:
                client.check()
            if rng.random() < 0.7:  # else it may die while it still removes things
                eventually(lambda: verify.is_clean(server.root), "what is left over is removed")
        counts = [sum(getattr(c, name) for c in clients)
                  for name in ("acknowledged", "unacknowledged", "done_after_all", "abandoned")]
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
