"""/.holdfast/metrics taken apart as strictly as the text format 0.0.4 of Prometheus is written down, and by promtool too
where that is installed."""
import re
import shutil
import subprocess

from holdfast import fail, same

NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
VALUE = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN"
SAMPLE = re.compile(r"(%s)(\{(?:%s=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)+\})? (%s)" % (NAME, LABEL, VALUE))


def family_of(name, families):
    """A sample belongs to the family that was begun last, under its name or as a part of a histogram."""
    last = list(families)[-1] if families else None
    if last and families[last] == "histogram" and name in (last + "_bucket", last + "_sum", last + "_count"):
        return last
    return name


def check_histogram(name, samples):
    series = {}
    for (sample, labels), value in samples.items():
        if sample == name + "_bucket":
            rest = tuple(pair for pair in labels if pair[0] != "le")
            series.setdefault(rest, []).append((float(dict(labels)["le"]), value))
    for labels, buckets in series.items():
        same([le for le, _ in buckets], sorted(le for le, _ in buckets), "bounds of %s grow" % name)
        same([count for _, count in buckets], sorted(count for _, count in buckets), "counts of %s grow" % name)
        same(buckets[-1][0], float("inf"), "%s has a last bucket" % name)
        same(samples[(name + "_count", labels)], buckets[-1][1], "count of %s" % name)
        if (name + "_sum", labels) not in samples:
            fail("%s has no sum for %r" % (name, labels))
    same(bool(series), True, "buckets of %s" % name)


def parse(text):
    """{(name, ((label, value), ...)): number}; fails where the format is not kept."""
    families, helped, samples, done = {}, set(), {}, set()
    if not text.endswith("\n"):
        fail("the last line has no end")
    for line in text.split("\n")[:-1]:
        comment = re.fullmatch(r"# (HELP|TYPE) (%s) ([^\n]+)" % NAME, line)
        if comment:
            kind, name, rest = comment.groups()
            if kind == "HELP":
                same(name in helped, False, "two HELP of %s" % name)
                helped.add(name)
            else:
                same(name in families, False, "two TYPE of %s" % name)
                same(rest, ("counter", "gauge", "histogram"), "type")
                families[name] = rest
            continue
        sample = SAMPLE.fullmatch(line)
        if not sample:
            fail("not a line of the format: %r" % line)
        name, labels, value = sample.groups()
        family = family_of(name, families)
        same(family in families and family in helped, True, "%s has HELP and TYPE" % name)
        same(family in done and family != list(families)[-1], False, "%s stands together" % family)
        done.add(family)
        pairs = tuple(re.findall(r"(%s)=\"((?:[^\"\\]|\\.)*)\"" % LABEL, labels or ""))
        same((name, pairs) in samples, False, "%s is there once" % line)
        samples[(name, pairs)] = float(value)
        if families[family] == "counter":
            same(name.endswith("_total"), True, "a counter is called so: %s" % name)
            same(samples[(name, pairs)] >= 0, True, line)
    for name, kind in families.items():
        if kind == "histogram" and name in done:
            check_histogram(name, samples)
    if shutil.which("promtool"):
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        same(said.returncode, 0, "promtool: %s" % said.stderr)
    return samples


def scrape(s, **more):
    answer = s.request("GET", "/.holdfast/metrics", **more)
    same(answer.status, 200, "metrics")
    same(answer.get("content-type"), "text/plain; version=0.0.4; charset=utf-8")
    return parse(answer.body.decode("ascii"))


def value(samples, name, **labels):
    return samples.get((name, tuple(labels.items())), 0)
