"""One client against long operations: what it was told, what it asked, what was done.

A Trial is a Holdfast whose renames, links and removals of everything named slow-* take `seconds`, each
with a beat every `heartbeat` seconds, so that one operation lasts longer than the client's timeout and
has more beats than any client's limit. An Op is one operation with names of its own: what it starts
from, what it ends in, and how to count it, so that several run side by side on one server.

A trial gives one Row per operation: facts, and in `wrong` what is not as it must be.
"""
import dataclasses
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))

from holdfast import (Server, die_with_parent, eventually, os, program, same, strays, subprocess,  # noqa: E402
                      threading, time)
from watch import CREATED, DELETED, MOVED_FROM, MOVED_TO, Watch  # noqa: E402

SECONDS, HEARTBEAT, TIMEOUT = 5, 0.03, 2
CALLS = ("renameat2", "linkat", "unlinkat")
COMMANDS = 12  # a user tries no more often
PATIENCE_SECONDS = 45  # and no longer than this after the operation's own length
TREE = {"a": b"first\n", "inner/b": b"second\n" * 100}
BODY = b"the new content\n" * 1000


class Skip(Exception):
    """This client cannot be tried here; the message says why."""


@dataclasses.dataclass
class Said:
    """What one command of a client reported: done is what it believes, text its words."""

    done: bool
    text: str
    status: int = None  # if it shows one
    wrong: str = ""  # something it noticed that must not be


@dataclasses.dataclass
class Row:
    client: str
    op: str
    seconds: float
    timeout: str
    agent: str = ""
    rule: str = ""
    requests: int = 0
    interims: int = 0
    executed: int = 0
    commands: int = 1
    ways: str = ""
    said: str = ""
    ended: str = ""  # in words, where requests and commands do not tell
    wrong: list = dataclasses.field(default_factory=list)


class Op:
    """kind: COPY, MOVE, DELETE (a tree, or a file with is_file), PUT (a new name)."""

    def __init__(self, kind, is_file=False, name=None):
        self.kind, self.is_file, self.name = kind, is_file, name or kind.lower()
        slash = "" if is_file or kind == "PUT" else "/"
        self.source, self.target = "slow-%s-from" % self.name, "slow-%s-to" % self.name
        if kind == "DELETE":
            self.target = None
        if kind == "PUT":
            self.source = None
        self.source_path = "/%s%s" % (self.source, slash) if self.source else None
        self.target_path = "/%s%s" % (self.target, slash) if self.target else None
        self.request_path = self.target_path if kind == "PUT" else self.source_path
        self.watch = self.witness = None
        self.events = MOVED_TO | CREATED  # that mean: here it is

    def prepare(self, server, watch):
        if self.kind == "PUT":
            return
        if self.is_file:
            self.witness = server.write(self.source, BODY)
        else:
            for name, content in TREE.items():
                self.witness = server.write("%s/%s" % (self.source, name), content)
            self.witness = self.witness.rename(self.witness.with_name("witness-" + self.name))
        if self.kind == "COPY":
            watch.opened(self.witness)
            self.witness = self.witness.name

    def executed(self, watch):
        if self.kind == "DELETE":
            return watch.count(MOVED_FROM | DELETED, self.source)
        published = watch.count(self.events, self.target)
        return max(published, watch.opens(self.witness)) if self.kind == "COPY" else published

    def whole(self, server, name, is_watched=False):
        """Is everything there under this name? What is watched is not opened, that would count."""
        def has(path, content):
            if not path.is_file() or path.stat().st_size != len(content):
                return False
            return is_watched or path.read_bytes() == content

        path = server.path(name)
        if self.kind == "PUT" or self.is_file:
            return has(path, BODY)
        return has(path / "a", TREE["a"]) and has(path / "inner" / ("witness-" + self.name), TREE["inner/b"])

    def lacks(self, server):
        """What is not as it must be after the operation; '' if all is well."""
        if self.target and not self.whole(server, self.target):
            return "%s is not whole" % self.target
        if self.kind in ("MOVE", "DELETE") and server.path(self.source).exists():
            return "%s is still there" % self.source
        if self.kind == "COPY" and not self.whole(server, self.source, is_watched=True):
            return "%s is no longer whole" % self.source
        return ""

    def status(self):
        return 204 if self.kind == "DELETE" else 201


@dataclasses.dataclass
class Line:
    """One line of the access log."""

    method: str
    target: str
    status: int
    interims: int
    broken: bool
    agent: str
    rule: str
    how: str


LINE = re.compile(r'^\S+Z \S+ \S+ "(\S+) (\S*)" (\d+) \d+ -?\d+ms(.*)$', re.M)
FIELD = re.compile(r'(?:(\w+)=)?(?:"([^"]*)"|(\S+))')


def access_lines(log):
    found = []
    for method, target, status, rest in LINE.findall(log):
        named, bare, agent = {}, [], ""
        for name, quoted, plain in FIELD.findall(rest):
            if name:
                named[name] = quoted or plain
            elif plain:
                bare.append(plain)
            else:
                agent = quoted
        found.append(Line(method, target, int(status), int(named.get("interims", 0)), "broken" in bare, agent,
                          named.get("rule", ""), named.get("how", "")))
    return found


class Trial:
    """with Trial(ops, ...) as trial: rows = trial.rows(client, timeout, command)"""

    def __init__(self, ops, seconds=SECONDS, heartbeat=HEARTBEAT, options=(), calls=CALLS):
        self.ops, self.seconds = ops, seconds
        slow = ",".join("%s=%d" % (call, seconds * 1000) for call in calls)
        self.server = Server("--heartbeat", str(heartbeat), "--workers", "8", *options, slow=slow, match="slow-")
        self.body = self.server.temp / "body"
        self.failed = False

    def __enter__(self):
        self.server.__enter__()
        try:
            self.body.write_bytes(BODY)
            self.server.write("known.txt", "known content")
            for op in self.ops:
                op.watch = Watch(self.server.root)
                op.prepare(self.server, op.watch)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *what):
        try:
            # A server of a failed trial is killed, and the end of its log is told.
            self.server.__exit__(*((AssertionError, None, None) if self.failed and not what[0] else what))
        finally:
            for op in self.ops:
                if op.watch:
                    op.watch.__exit__()

    def url(self, path):
        return self.server.url + path

    def rows(self, client, timeout, command, parallel=True, is_once=True):
        """command(op) -> Said, again and again until it believes that it is done; one row per operation."""
        rows = {op: Row(client, op.kind, self.seconds, timeout) for op in self.ops}
        if parallel:
            in_threads([lambda op=op: self.until_done(op, rows[op], command) for op in self.ops])
        else:
            for op in self.ops:
                self.until_done(op, rows[op], command)
        self.finish(rows, is_once)
        return list(rows.values())

    def until_done(self, op, row, command):
        end = time.monotonic() + self.seconds + PATIENCE_SECONDS
        for row.commands in range(1, COMMANDS + 1):
            if time.monotonic() > end:
                break
            said = command(op)
            row.said = said.text
            if said.wrong:
                row.wrong.append(said.wrong)
            if said.done:
                lacking = op.lacks(self.server)
                if lacking:
                    row.wrong.append("it was told of success, but %s" % lacking)
                if said.status and said.status != op.status():
                    row.wrong.append("the status was %d, not %d" % (said.status, op.status()))
                return
        row.wrong.append("never done, after %d commands" % row.commands)

    def finish(self, rows, is_once=True):
        """Stops the server, so that its log is whole, and counts; is_once: each must have been done once."""
        died = self.server.process.poll()
        self.failed = died is not None or any(row.wrong for row in rows.values())
        if not self.failed:
            eventually(lambda: not strays(self.server.root), "what was deleted is purged", 30)
            self.server.stop(30)
        lines = access_lines(self.server.log())
        for op, row in rows.items():
            op.watch.read()
            count(op, row, lines)
            if died is not None:
                row.wrong.append("the server died, status %d" % died)
            if is_once and row.executed != 1:
                row.wrong.append("done %d times" % row.executed)
            lacking = op.lacks(self.server)
            if is_once and lacking and not row.wrong:
                row.wrong.append("in the end %s" % lacking)
            self.failed = self.failed or bool(row.wrong)


# What the log says of how a request came to its answer.
WAYS = ("accepted", "ran", "joined", "replayed", "other")


def count(op, row, lines):
    mine = [line for line in lines if line.method == op.kind and line.target.rstrip("/") == op.request_path.rstrip("/")]
    row.requests = len(mine)
    row.interims = max((line.interims for line in mine), default=0)
    row.agent = mine[0].agent if mine else ""
    row.rule = mine[0].rule if mine else ""
    ways = [line.how if line.how in WAYS else "other" for line in mine if line.how]
    row.ways = ", ".join("%d %s" % (ways.count(way), way) for way in sorted(set(ways), key=WAYS.index))
    ran = sum(1 for line in mine if line.how == "ran" and (line.broken or line.status < 300))
    row.executed = max(op.executed(op.watch), ran)
    if not mine:
        row.wrong.append("no such request in the log")


def in_threads(works):
    """All at once; the first error is raised here. Threads that hang do not keep the process."""
    errors = []

    def one(work):
        try:
            work()
        except BaseException as error:  # told to the caller below
            errors.append(error)

    threads = [threading.Thread(target=one, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def run(*command, seconds=90, stdin=None, env=None, cwd=None):
    """Runs a client's command; status and what it said. One that hangs is ended, and says so."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env={**os.environ, **(env or {})}, cwd=cwd, preexec_fn=die_with_parent)
    try:
        out, _ = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
        return -1, out + "\n(hung for %d s)" % seconds
    return process.returncode, out


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def version(pattern, *command):
    """The first group of the pattern in what the command prints; '?' if it does not match."""
    found = re.search(pattern, run(*command)[1])
    return found[1] if found else "?"


def package_version(name):
    found = run("dpkg-query", "-W", "-f=${Version}", name)[1]
    return re.sub(r"^\d+:|[-+].*$", "", found) or "?"


__all__ = ["CALLS", "HEARTBEAT", "Op", "Path", "Row", "SECONDS", "Said", "Skip", "TIMEOUT", "Trial", "eventually",
           "last_line", "os", "package_version", "program", "re", "run", "same", "subprocess", "version"]
