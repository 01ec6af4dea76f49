"""What comes out: the table, the JSON file, and the table in docs/performance.md."""
import json
import statistics
from collections import namedtuple
from pathlib import Path

from race import UNITS

OWN = "holdfast"
BEGIN, END = "<!-- the race: written by script/bench --write-docs -->", "<!-- the race ends -->"

Standing = namedtuple("Standing", "own best yard medians")


def shown(value, unit):
    value *= UNITS[unit][0]
    return format(value, ",.0f") if value >= 100 else "%.1f" % value if value >= 10 else "%.2f" % value \
        if value >= 1 else "%.3f" % value


def median(samples):
    return statistics.median(samples) if samples else None


def is_met(target, standing):
    """None where there is nothing to compare with."""
    if not target or standing.own is None:
        return None
    try:
        return bool(target.test(standing))
    except (TypeError, KeyError):
        return None


class Result:
    """One row of the table, from all samples. A server that does something else is shown, but is no peer."""

    def __init__(self, row, samples, remarks, yard):
        self.row, self.samples, self.remarks, self.yard = row, samples, remarks, yard
        self.factor, self.more = UNITS[row.unit]
        self.medians = {s: median(v) for s, v in samples.items() if v}
        peers = [v for s, v in self.medians.items() if not s.startswith(OWN) and s not in remarks]
        best = (max(peers) if self.more else min(peers)) if peers else None
        self.standing = Standing(None if OWN in remarks else self.medians.get(OWN), best, median(yard[1] if yard else []),
                                 {s: v for s, v in self.medians.items() if s not in remarks})
        self.met = False if row.target and OWN in remarks else is_met(row.target, self.standing)

    def cell(self, server):
        value, remark = self.medians.get(server), self.remarks.get(server)
        text = shown(value, self.row.unit) if value is not None else ""
        return " ".join(filter(None, (text, remark and ("(%s)" % remark if text else remark))))

    def ratio(self, other):
        return self.standing.own / other if self.standing.own is not None and other else None

    def line(self, order):
        ratios = ["%.2f" % r if r is not None else "" for r in (self.ratio(self.standing.best), self.ratio(self.standing.yard))]
        yard = "%s %s" % (self.yard[0], shown(self.standing.yard, self.row.unit)) if self.yard else ""
        target = "" if not self.row.target else self.row.target.text + \
            {True: ": met", False: ": **missed**", None: ""}[self.met]
        cells = [self.row.what, self.row.unit, *map(self.cell, order), yard, *ratios, target]
        return "| " + " | ".join(cells) + " |"

    def summary(self):
        spread = {s: [round(f(v) * self.factor, 4) for f in (min, statistics.median, max)] for s, v in self.samples.items() if v}
        return {"what": self.row.what, "unit": self.row.unit, "more_is_better": self.more, "least_median_most": spread,
                "samples": {s: [round(x * self.factor, 4) for x in v] for s, v in self.samples.items()},
                "remarks": self.remarks,
                "yardstick": [self.yard[0], [round(x * self.factor, 4) for x in self.yard[1]]] if self.yard else None,
                "of_best_peer": self.ratio(self.standing.best), "of_yardstick": self.ratio(self.standing.yard),
                "target": self.row.target.text if self.row.target else None, "met": self.met}


def table(results, order):
    lines = ["| measure | unit | %s | yardstick | of best peer | of yardstick | target |" % " | ".join(order),
             "|---|---|%s---|---:|---:|---|" % ("---:|" * len(order))]
    return "\n".join(lines + [r.line(order) for r in results])


def judged(results):
    """How many targets were met, and which were not."""
    missed = [r.row.what for r in results if r.met is False]
    met = sum(r.met is True for r in results)
    return "%d of %d targets met%s" % (met, met + len(missed), "; missed: " + "; ".join(missed) if missed else "")


def write_json(path, about, results):
    Path(path).write_text(json.dumps({**about, "results": [r.summary() for r in results]}, indent=1) + "\n")


def write_docs(path, text):
    """Puts the text between the two markers; nothing else is touched."""
    page = Path(path).read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit("%s has no %s ... %s" % (path, BEGIN, END))
    Path(path).write_text(before + BEGIN + "\n\n" + text + "\n\n" + END + after)
