#!/usr/bin/env python3
"""Measures the servers side by side; see script/bench. One table (markdown) on stdout, all samples in JSON.

All servers run at once, each on its own folder of one file system in memory; every measure goes round them
in turn, the order rotating, several rounds; medians count. The yardstick is taken in the same turn.
"""
import argparse
import datetime
import os
import platform
import resource
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import data  # noqa: E402
import report  # noqa: E402
import servers as peers  # noqa: E402
from generators import Broken, NotDone, note  # noqa: E402
from race import race  # noqa: E402

DOCS = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


class Samples:
    """What one measure gave so far: for each row and server the values, and the remarks."""

    def __init__(self, measure, order):
        self.measure = measure
        self.values = [{s: [] for s in order} for _ in measure.rows]
        self.remarks = {}
        self.yard = [measure.yard[0], []] if measure.yard else None

    def take(self, s, o):
        data.quiet(o)
        try:
            values = self.measure.function(s, o)
            values = values if isinstance(values, tuple) else (values,)
        except NotDone as reason:
            self.remarks[s.name], values = str(reason), reason.values
            if isinstance(reason, Broken):
                s.restart()
        for row, value in zip(self.values, values):
            row[s.name].append(value)

    def take_yard(self, o):
        if self.yard:
            data.quiet(o)
            self.yard[1].append(self.measure.yard[1](o))

    def results(self):
        return [report.Result(row, values, self.remarks, self.yard if row.compared else None)
                for row, values in zip(self.measure.rows, self.values)]


def turns(measures, rounds):
    """Which measures in which round; what destroys its data comes last of all."""
    last = [m for m in measures if m.when == "last"]
    for number in range(rounds):
        yield number, [m for m in measures if m.when == "always" or (m.when == "first" and not number)]
    yield rounds - 1, last


def measure(o, running, measures):
    all_samples = {m.name: Samples(m, [s.name for s in running]) for m in measures}
    for number, todo in turns(measures, o.rounds):
        for m in todo:
            samples = all_samples[m.name]
            turn = number % len(running)
            for s in running[turn:] + running[:turn]:
                samples.take(s, o)
            samples.take_yard(o)
            for r in samples.results():
                note("round %d of %d: %s: %s" % (number + 1, o.rounds, r.row.what, ", ".join(
                    "%s %s" % (s.name, r.cell(s.name)) for s in running)))
    return [r for m in measures for r in all_samples[m.name].results()]


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="this measure; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each measure that counts requests (default 2)")
    parser.add_argument("--million", action="store_true", help="the large tree has 1,000,000 files, not 100,000")
    parser.add_argument("--json", default="bench.json", metavar="FILE", help="default: bench.json")
    parser.add_argument("--servers", default="holdfast,nginx,lighttpd,apache",
                        help="of holdfast, holdfast-full (--durability full), nginx, lighttpd, apache")
    parser.add_argument("--data", metavar="DIR", help="where to put the data (default: an ext4 in memory)")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--list", action="store_true", help="names the measures")
    o = parser.parse_args()
    o.huge = 1000000 if o.million else 100000
    o.measures = race(o.huge)
    if o.list:
        return o
    unknown = set(o.only or []) - {m.name for m in o.measures}
    if unknown:
        parser.error("there is no measure %s (--list tells them)" % ", ".join(sorted(unknown)))
    if o.write_docs and o.only:
        parser.error("--write-docs takes a whole run")
    o.order = o.servers.split(",")
    if set(o.order) - set(peers.ALL):
        parser.error("the servers are %s" % ", ".join(peers.ALL))
    o.measures = [m for m in o.measures if not o.only or m.name in o.only]
    return o


def run(o):
    """The results and what is to be said about them."""
    with data.disk(o.data) as (folder, where, o.private):
        o.data, o.yard = folder, folder / "yardstick"
        o.yard.mkdir()
        running = [peers.ALL[name](folder) for name in o.order]
        try:
            note("data on %s; preparing" % where)
            data.prepare(o, [s.root for s in running] + [o.yard])
            for s in running:
                s.start()
            versions = {s.name: s.version() for s in running}
            results = measure(o, running, o.measures)
        finally:
            for s in running:
                s.stop()
    return results, {"date": datetime.date.today().isoformat(), "versions": versions, "cores": os.cpu_count(),
                     "kernel": platform.release(), "data": where, "rounds": o.rounds, "seconds": o.seconds}


def headline(about):
    return ("%s. %d cores, Linux %s, data on %s, two workers each, Holdfast with `--durability relaxed`; medians of %d round%s, "
            "16 connections where none are named. %s." % (", ".join(about["versions"].values()), about["cores"],
            ".".join(about["kernel"].split(".")[:2]), about["data"], about["rounds"], "s" * (about["rounds"] > 1), about["date"]))


def main():
    o = arguments()
    if o.list:
        print("\n".join("%-18s %s" % (m.name, m.rows[0].what) for m in o.measures))
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384) if hard > 0 else 16384, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results, about = run(o)
    text = "%s\n\n%s\n\n%s." % (headline(about), report.table(results, o.order), report.judged(results))
    print(text)
    report.write_json(o.json, about, results)
    if o.write_docs:
        report.write_docs(DOCS, text)
    note("all samples: %s" % o.json)
    return 0


sys.exit(main())
