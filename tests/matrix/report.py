"""The table of docs/keepalive.md, from what the trials saw."""
import datetime
import platform
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "keepalive.md"
HEADING = "## Clients"
BEGIN = "<!-- begin: written by tests/matrix/run --write-docs, not by hand -->"
END = "<!-- end of what tests/matrix/run writes -->"
COLUMNS = ("client", "`User-Agent`", "rule", "operation", "its length", "client's timeout", "requests", "102s each",
           "done", "result", "how it ended")
INTRODUCTION = """\
Every client against a Holdfast on which renaming, linking and removing take as long as the table says, with a
beat every %s s: longer than the client's timeout, and with more beats than the limit of any client. *Requests* is what
the access log counted for that operation, *done* how often the operation happened: names that came and went in the
served folder and openings of the copied file, as the kernel reports them (inotify), or what the log says ran, if that
is more. After the client's word the result is checked at once, and again at the end.

*How it ended*: *at once* is the first command with one request; *own retry* the first command, which asked again by
itself; *N commands* a program or user that repeated the same command until it was answered.
"""


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ") or "–"


def ending(row):
    if row.ended:
        return row.ended
    if row.commands > 1:
        return "%d commands" % row.commands
    return "own retry" if row.requests > 1 else "at once"


def unique(words):
    return list(dict.fromkeys(words))


def line(rows):
    """One line for operations that went alike."""
    row = rows[0]
    said = ", ".join(unique(r.said for r in rows))
    result = "**wrong**: %s (%s)" % ("; ".join(row.wrong), said) if row.wrong else said
    agent = "`%s`" % row.agent if row.agent and row.agent != "-" else "none sent"
    ways = unique(r.ways for r in rows)
    requests = "%d%s" % (row.requests, " (%s)" % ways[0] if len(ways) == 1 and ways[0] and row.requests > 1 else "")
    low, high = min(r.interims for r in rows), max(r.interims for r in rows)
    interims = "%d" % low if low == high else "%d to %d" % (low, high)
    cells = (row.client, agent, row.rule, ", ".join(r.op for r in rows), "%g s" % row.seconds, row.timeout, requests,
             interims, row.executed, result, ending(row))
    return "| " + " | ".join(cell(c) for c in cells) + " |"


def alike(row):
    return (row.client, row.agent, row.rule, row.seconds, row.timeout, row.requests, row.ways, row.executed,
            ending(row), tuple(row.wrong))


def table(results):
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    missing = []
    for name, (kind, rows, words) in results.items():
        groups = {}
        for row in rows:
            groups.setdefault(alike(row), []).append(row)
        lines += [line(group) for group in groups.values()]
        if kind == "skip":
            missing.append("* %s: not run, %s" % (name, words))
        elif kind == "error":
            missing.append("* %s: **the trial failed**, %s" % (name, words.strip().splitlines()[-1]))
    return "\n".join(lines + ([""] + missing if missing else []))


def section(results, heartbeat):
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    stamp = "%s, %s, Linux %s; `tests/matrix/run --write-docs`" % (datetime.date.today().isoformat(), system,
                                                                  ".".join(platform.release().split(".")[:2]))
    return "%s\n\n%s\n%s.\n\n%s\n\n%s" % (BEGIN, INTRODUCTION % heartbeat, stamp, table(results), END)


def write(results, heartbeat=0.03):
    text = PAGE.read_text() if PAGE.exists() else "# Keepalive\n"
    new = section(results, heartbeat)
    if BEGIN in text and END in text:
        text = text[:text.index(BEGIN)] + new + text[text.index(END) + len(END):]
    else:
        text = "%s\n\n%s\n\n%s\n" % (text.rstrip("\n"), HEADING, new)
    PAGE.write_text(text)
