#!/usr/bin/env python3
"""Runs every proxy as docs/proxies.md configures it, and as it comes, and prints what came of it as tables.

    HOLDFAST=build/holdfast tests/proxies/table.py [--write-docs] [NAME...]

--write-docs puts them into docs/keepalive.md, section "Proxies", between its marker comments.
"""
import concurrent.futures
import datetime
import platform
import re
import sys

import cases
import proxies

PAGE = proxies.TOP / "docs" / "keepalive.md"
BEGIN, END = "<!-- proxies: begin -->", "<!-- proxies: end -->"


def one_operation(operations):
    """COPY, MOVE, DELETE and PUT share a line where they fared alike."""
    groups = {}
    for o in operations:
        groups.setdefault((o["requests"], o["seen"], o["executed"], o["interims"] > 0), []).append(o["method"])
    return groups


def documented_rows(results):
    for r in results:
        for (requests, seen, executed, has_interims), methods in one_operation(r["operations"]).items():
            times = {o["method"]: o["interims"] for o in r["operations"]}
            interims = ", ".join(sorted({str(times[m]) for m in methods}, key=int)) if has_interims else "none"
            yield (r["name"], r["version"], ", ".join(methods), requests, seen, executed, interims,
                   "the real answer" + (", after repeating" if requests > 1 else ""), verdict(r["report"]))


def verdict(report):
    codes = ", ".join("`%s`" % code.lstrip("!") for code in cases.codes(report))
    return ("fit" if report["fit"] else "unfit") + (": " + codes if codes else "")


def naive_rows(results):
    for r in results:
        text = " / ".join(f["text"] for f in r["report"]["findings"] if f["trouble"])
        yield r["name"], r["version"], verdict(r["report"]), text or "nothing"


def table(head, rows):
    lines = ["| %s |" % " | ".join(head), "|%s" % ("---|" * len(head))]
    return "\n".join(lines + ["| %s |" % " | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows])


def run(function, names):
    def one(name):
        try:
            result = function(name)
        except proxies.Missing as why:
            result = "%s: SKIP, %s" % (name, why)
        print("%s %s" % (function.__name__, name), file=sys.stderr)
        return result

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(one, names))
    return [r for r in results if isinstance(r, dict)], [r for r in results if isinstance(r, str)]


def report(names):
    documented, missing = run(cases.documented, [n for n in cases.EXPECTED if not names or n in names])
    naive, _ = run(cases.naive, [n for n in cases.NAIVE if not names or n in names])
    return """\
Made by `tests/proxies/table.py --write-docs`, %s, Linux %s, Debian's packages. Read timeout of each proxy %g s,
each operation %g s (made so slow on purpose), `--heartbeat %g`; the client is one that bears everything and repeats a request
that gets no answer. "Seen" is how many requests the server got for it, "done" how often it did the work.

As [proxies.md](proxies.md) configures them:

%s

As they come, and what `holdfast probe` says of them:

%s
%s""" % (datetime.date.today(), ".".join(platform.release().split(".")[:2]), cases.TIMEOUT, cases.LENGTH, cases.HEARTBEAT,
         table(("proxy", "version", "methods", "sent", "seen", "done", "102s before the answer", "ended with", "probe"),
               documented_rows(documented)),
         table(("proxy", "version", "probe", "in words"), naive_rows(naive)),
         "".join("\n* " + line for line in missing))


def write_page(text):
    page = PAGE.read_text() if PAGE.exists() else "# Keepalive: how a client that waits is kept\n"
    if BEGIN not in page:
        page = page.rstrip("\n") + "\n\n## Proxies\n\n%s\n%s\n" % (BEGIN, END)
    inside = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    PAGE.write_text(inside.sub(lambda _: "%s\n%s\n%s" % (BEGIN, text.rstrip("\n"), END), page))


def main(arguments):
    names = [a for a in arguments if not a.startswith("-")]
    text = report(names)
    if "--write-docs" in arguments:
        write_page(text)
    else:
        print(text)


main(sys.argv[1:])
