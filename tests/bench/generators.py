"""How a server is asked: by curl, by a bare socket, by wrk, and by our own load generator (load.c)."""
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOAD = Path(os.environ.get("BENCH_LOAD", "bench-load"))

PATIENCE = 60  # seconds

Load = namedtuple("Load", "rate requests")
Paced = namedtuple("Paced", "rate wrong p50 p99 most")  # times in seconds


class NotDone(Exception):
    """The server refuses this, fails at it or does something else instead: the words go into the table, and it counts
    as no peer there. `values` are what was measured all the same."""

    def __init__(self, words, *values):
        super().__init__(words)
        self.values = values


class Broken(NotDone):
    """It failed rather than refused: it is started anew, so that only this is spoilt and nothing after it."""


def note(*words):
    print(*words, file=sys.stderr, flush=True)


def curl(wanted, *arguments):
    """One transfer: seconds to the first byte of the answer, and to its last."""
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_starttransfer} %{time_total}",
                           "--max-time", str(PATIENCE), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Broken("fails: " + done.stderr.strip().split("\n")[-1][:60])
    status, first, last = done.stdout.split()
    if int(status) not in wanted:
        raise NotDone("answers %s" % status)
    return float(first), float(last)


def ask(s, method, target, body=None, **fields):
    """One exchange for its answer, not for its time: status, header fields, body."""
    connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=PATIENCE)
    try:
        connection.request(method, target, body, {name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Broken("fails: %s" % error)
    finally:
        connection.close()


def answer_time(s, method, target, *fields):
    """Seconds from the request on an open connection until the head of its answer, which must be 2xx."""
    head = "".join("%s\r\n" % f for f in ("%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1:%d" % s.port, *fields, ""))
    try:
        with socket.create_connection(("127.0.0.1", s.port), PATIENCE) as c:
            begun = time.perf_counter()
            c.sendall(head.encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                piece = c.recv(65536)
                if not piece:
                    raise Broken("hangs up")
                answer += piece
            seconds = time.perf_counter() - begun
    except OSError as error:
        raise Broken("fails: %s" % error)
    status = int(answer.split(None, 2)[1])
    # 207 is a change that was not made as a whole
    if status // 100 != 2 or status == 207:
        raise NotDone("answers %d" % status)
    return seconds


def wrk(url, seconds, script=None, **environment):
    """As many requests as it answers on 16 connections; any answer but 2xx spoils it."""
    command = ["wrk", "-t2", "-c16", "-d%ds" % seconds]
    if script:
        command += ["-s", str(HERE / script)]
    done = subprocess.run(command + [url], capture_output=True, text=True, env={**os.environ, **environment})
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    requests = re.search(r"(\d+) requests in", done.stdout)
    if done.returncode or not rate:
        raise Broken("fails: " + (done.stderr or done.stdout).strip()[:60])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    lost = re.search(r"Socket errors: (.*)", done.stdout)
    if bad or lost:
        raise Broken("%s wrong answers" % format(int(bad[1]), ",") if bad else lost[1], float(rate[1]))
    return Load(float(rate[1]), int(requests[1]))


def paced(s, kind, target, connections, seconds, *rate):
    """What load.c says: kind "lock" without a pause, kind "get" at a fixed rate."""
    done = subprocess.run([str(LOAD), kind, str(s.port), target, str(connections), str(seconds), *map(str, rate)],
                          capture_output=True, text=True)
    if done.returncode:
        raise Broken("fails: " + done.stderr.strip()[:60])
    count, wrong, spent, p50, p99, most = map(float, done.stdout.split())
    return Paced(count / spent, int(wrong), p50 / 1e6, p99 / 1e6, most / 1e6)
