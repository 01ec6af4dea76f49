#!/usr/bin/env python3
"""Passwords are guessed at from many addresses at once: few guesses are looked at, the owner goes on. And whether there is
somebody of a name cannot be told by how long a wrong password takes."""
import ctypes
import random
from base64 import b64encode
from statistics import median

from attack import *

ADDRESSES = 2000 if LONG else 60
GUESSES = 50 if LONG else 20  # from each
KNOWN = 150 if LONG else 20   # users; each bears nine guesses
SETTING = b"$2b$07$" + b"abcdefghijklmnopqrstu."  # of bcrypt: its cost is ten times all else, and quick enough for a test


def headers(user, password, address):
    credentials = b64encode(("%s:%s" % (user, password)).encode()).decode()
    return {"Authorization": "Basic " + credentials, "X-Forwarded-For": address}


def address(i):
    return "203.%d.%d.1" % (i // 250, i % 250)


def brute_force(s):
    """Each address its guesses, at the name of the owner and at others; and the owner, who is in, from elsewhere."""
    seen, done, owners = {}, threading.Event(), []
    same(s.request("GET", "/", headers("user0", "right", "198.51.100.1")).status, 200)

    def owner():
        with s.connect() as c:
            while not done.is_set() or len(owners) < 100:
                owners.append(c.request("GET", "/", headers("user0", "right", "198.51.100.1")).status)

    def attacker(n):
        with s.connect() as c:
            for i in range(n, ADDRESSES, 8):
                for j in range(GUESSES):
                    user = "user0" if i % 3 else "nobody%d" % i
                    status = c.request("GET", "/", headers(user, "guess%d-%d" % (i, j), address(i))).status
                    seen[status] = seen.get(status, 0) + 1

    thread = threading.Thread(target=owner)
    thread.start()
    parallel(8, attacker)
    done.set()
    thread.join()
    same(set(seen) - {401, 429}, set(), "answers to guesses: %r" % seen)
    # The name is refused after ten, but for those under way; others by their address.
    within(seen[401], 10, 10 + 8 + 10 * (ADDRESSES // 3 + 1), "guesses that were looked at")
    same(set(owners), {200}, "what the owner was answered")
    same(s.request("GET", "/", headers("user0", "right", address(1))).status, 429, "a right guess is not told from a wrong one")
    figures(guesses=sum(seen.values()), looked_at=seen[401], refused_with_429=seen[429], found=0, requests_of_the_owner=len(owners), refused=0)


def processor_ns(s):
    return sum(int(path.read_text().split()[0]) for path in Path("/proc/%d/task" % s.process.pid).glob("*/schedstat"))


def hashed(password):
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    return crypt(password, SETTING).decode()


def timing(s):
    """Nine guesses at each name, known and unknown in a random order, each from an address of its own."""
    tries = [("user%d" % i, True) for i in range(1, KNOWN)] * 9 + [("other%d" % i, False) for i in range(1, KNOWN)] * 9
    random.shuffle(tries)
    took, spent = {True: [], False: []}, {True: 0, False: 0}
    with s.connect() as c:
        for i, (user, is_known) in enumerate(tries):
            before, began = processor_ns(s), time.perf_counter()
            status = c.request("GET", "/", headers(user, "wrong%d" % i, "198.18.%d.%d" % (i // 250, i % 250))).status
            took[is_known].append(time.perf_counter() - began)
            spent[is_known] += processor_ns(s) - before
            same(status, 401, user)
    slower = sum(a > b for a, b in zip(random.sample(took[True], len(took[True])), took[False])) / len(took[True])
    # Were there no look at a password for unknown names, these would differ a hundredfold.
    within(spent[True] / spent[False], 0.7, 1.4, "processor time for known over that for unknown names")
    figures(tries=len(tries), known_median_ms=round(median(took[True]) * 1000, 2), unknown_median_ms=round(median(took[False]) * 1000, 2),
            known_slower_in="%d %%" % (slower * 100), processor_time_known_over_unknown=round(spent[True] / spent[False], 3))


with Server("--trusted-proxy", "127.0.0.1", "--log-level", "error", users={"user0": "right"}) as s:
    s.users_file().write_text("".join("user%d:%s\n" % (i, hashed(b"right")) for i in range(KNOWN)))
    s.process.send_signal(signal.SIGHUP)
    eventually(lambda: s.request("GET", "/", headers("user1", "right", "198.51.100.9")).status == 200, "the users are read again")
    timing(s)
    brute_force(s)
