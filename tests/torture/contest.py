"""Things that many clients fight for: a folder and its files, and a lock.

Each says what one client does at random (act), and what the answers mean for a server that does one thing
after another (step). check() holds all that was answered against that (history.py), with what is found at
the end as the last answer.

No request is the same as another, by an If header that always holds: the same request twice is joined, and
then both are told what came of one (docs/keepalive.md).
"""
import itertools
import shutil

from actions import lock_body, lock_token
from history import History, overlaps
from holdfast import dav, fail, propfind
from verify import is_clean, read_disk

SOURCES = 2
FILES = ("f0", "f1", "x2", "x3", "x4", "x5")  # of a source; the first two are fought for as well
serial = itertools.count(1)


def unique(headers=()):
    return {**dict(headers), "If": "(Not <urn:unique:%d>)" % next(serial)}


class Contest:
    def __init__(self, server, name):
        self.server, self.name, self.rounds, self.answered, self.base = server, name, 0, 0, None
        self.begin()

    def begin(self):
        """A new thing to fight for."""
        if self.base and is_clean(self.base):  # else the server is still at it
            shutil.rmtree(self.base)
        self.rounds += 1
        self.history, self.known = History(), {}
        self.home = "%s-%d" % (self.name, self.rounds)
        self.base, self.url = self.server.path(self.home), "/%s/it" % self.home
        self.base.mkdir()
        self.prepare()

    def do(self, connection, method, target, headers, body, *what):
        """Asks, and notes what was answered; what: as step() is to know it."""
        event = self.history.call(*what)
        answer = connection.request(method, target, headers, body)
        self.history.answer(event, (answer.status, self.result(answer)))
        return answer

    def result(self, answer):
        return None

    def check(self):
        self.answered += sum(event.result is not None for event in self.history.events)
        event = self.history.call("read")
        self.history.answer(event, (200, self.read()))
        self.look_back()
        complaint = self.history.complaint(self.start, self.step)
        if complaint:
            fail("%s: %s" % (self.url, complaint))

    def look_back(self):
        """What is known of events only at the end."""


class FolderContest(Contest):
    """States: None, or the folder's files as a sorted tuple of (name, content)."""
    start = None

    def prepare(self):
        for i in range(SOURCES):
            self.write_source("s%d" % i, b"s%d" % i)

    def write_source(self, name, value):
        (self.base / name).mkdir()
        for file in FILES:
            (self.base / name / file).write_bytes(value)
        return tuple((file, value) for file in sorted(FILES))

    def read(self):
        return self.contents(self.base / "it")

    def contents(self, folder):
        return tuple(sorted(read_disk(folder).items())) if folder.exists() else None

    def result(self, answer):
        return answer.body if answer.status == 200 else None

    # ---- what a client does ----

    def act(self, connection, rng):
        kind = rng.choices((self.put, self.get, self.delete_file, self.delete, self.make, self.copy, self.move_in,
                            self.move_away), (10, 8, 2, 2, 3, 3, 1, 2))[0]
        kind(connection, rng)

    def put(self, connection, rng):
        name, value, condition, headers = rng.choice(FILES[:2]), b"v%d" % next(serial), None, {}
        if rng.random() < 0.25:
            condition, headers = "none", {"If-None-Match": "*"}
        elif rng.random() < 0.5 and name in self.known:
            etag, condition = self.known[name]
            headers = {"If-Match": etag}
        self.do(connection, "PUT", "%s/%s" % (self.url, name), headers, value, "put", name, value, condition)

    def get(self, connection, rng):
        name = rng.choice(FILES[:2])
        answer = self.do(connection, "GET", "%s/%s" % (self.url, name), {}, None, "get", name)
        if answer.status == 200 and answer.body.startswith(b"v"):  # each of these is one file for ever
            self.known[name] = (answer.get("etag"), answer.body)

    def delete_file(self, connection, rng):
        name = rng.choice(FILES[:2])
        self.do(connection, "DELETE", "%s/%s" % (self.url, name), unique(), None, "delete-file", name)

    def delete(self, connection, rng):
        self.do(connection, "DELETE", self.url, unique(), None, "delete")

    def make(self, connection, rng):
        self.do(connection, "MKCOL", self.url, {}, None, "make")

    def copy(self, connection, rng):
        source, overwrite = rng.randrange(SOURCES), rng.random() < 0.8
        value = tuple((file, b"s%d" % source) for file in sorted(FILES))
        headers = {"Destination": self.url, "Overwrite": "T" if overwrite else "F"}
        self.do(connection, "COPY", "/%s/s%d" % (self.home, source), unique(headers), None, "come", value, overwrite)

    def move_in(self, connection, rng):
        name = "in%d" % next(serial)
        value = self.write_source(name, b"m" + name.encode())
        self.do(connection, "MOVE", "/%s/%s" % (self.home, name), unique({"Destination": self.url}), None, "come", value,
                True)

    def move_away(self, connection, rng):
        to = "away%d" % next(serial)
        self.do(connection, "MOVE", self.url, unique({"Destination": "/%s/%s" % (self.home, to)}), None, "away", to)

    # ---- what the answers mean ----

    def look_back(self):
        """What a MOVE took away lies there still. An upload may be told 409 for a folder that was replaced meanwhile."""
        replacing = [e for e in self.history.events if e.what[0] in ("come", "away", "delete")]
        for event in list(self.history.events):
            if event.what[0] == "away":
                moved = self.contents(self.base / event.what[1])
                if event.result is None and moved is None:
                    self.history.events.remove(event)
                else:
                    event.result = (event.result[0] if event.result else 201, moved)
            elif event.what[0] == "put" and event.result and event.result[0] == 409:
                event.result = (409, any(overlaps(event, other) for other in replacing))

    def step(self, state, event):
        kind, (status, found) = event.what[0], event.result or (0, None)
        files = dict(state) if state is not None else {}
        if kind in ("read", "get"):
            return self.step_read(state, files, event.what, status, found)
        if kind in ("put", "delete-file"):
            return self.step_file(state, files, event.what, status, found)
        if kind == "make":
            return when(state is None, status, 201, (), state) if status != 405 else keep(state is not None, state)
        if kind == "come":
            _, value, overwrite = event.what
            if status == 412:
                return keep(state is not None and not overwrite, state)
            return when(overwrite or state is None, status, 201 if state is None else 204, value, state)
        if status == 404:  # away and delete
            return keep(state is None and found is None, state)
        if kind == "away" and found != state:
            return Ellipsis
        return when(state is not None, status, 201 if kind == "away" else 204, None, state)

    def step_read(self, state, files, what, status, found):
        if not status or what[0] == "read":
            return keep(not status or found == state, state)
        wanted = files.get(what[1])
        return keep(status == (404 if wanted is None else 200) and found == wanted, state)

    def step_file(self, state, files, what, status, found):
        old = files.get(what[1])
        if what[0] == "delete-file":
            if status == 404:
                return keep(old is None, state)
            files.pop(what[1], None)
            return when(old is not None, status, 204, tuple(sorted(files.items())), state)
        _, name, value, condition = what
        holds = old is None if condition == "none" else condition is None or old == condition
        if status == 409:
            return keep(state is None or found, state)
        if status == 412:
            return keep(not holds, state)
        files[name] = value
        return when(state is not None and holds, status, 201 if old is None else 204, tuple(sorted(files.items())), state)


class LockContest(Contest):
    """States: the token of the lock on one file, None without. "?" is one that nobody was told."""
    start = None

    def prepare(self):
        (self.base / "it").write_bytes(b"")

    def read(self):
        with self.server.connect() as connection:
            found = propfind(connection, self.url, dav("lockdiscovery"))[self.url][1][dav("lockdiscovery")][1]
        tokens = [element.findtext(dav("href")) for element in found.iter(dav("locktoken"))]
        return " and ".join(tokens) or None  # never two: it is exclusive

    def result(self, answer):
        return lock_token(answer) if answer.get("lock-token") else None

    def look_back(self):
        """A lock that is being written refuses others already, though it may be lost with the server."""
        unknown = [e for e in self.history.events if e.what[0] == "lock" and e.result is None]
        for event in self.history.events:
            if event.result and event.result[0] == 423:
                event.result = (423, any(overlaps(event, other) for other in unknown))

    def act(self, connection, rng):
        token = self.known.get("token")
        kind = rng.choice(("lock", "lock", "unlock", "put", "put-with"))
        if kind == "lock":
            answer = self.do(connection, "LOCK", self.url, {"Timeout": "Second-5000"}, lock_body(), "lock")
            if answer.status == 200:
                self.known["token"] = lock_token(answer)
        elif kind == "unlock" and token:
            self.do(connection, "UNLOCK", self.url, {"Lock-Token": "<%s>" % token}, None, "unlock", token)
        elif kind == "put":
            self.do(connection, "PUT", self.url, {}, b"%d" % next(serial), "put", None)
        elif kind == "put-with" and token:
            self.do(connection, "PUT", self.url, {"If": "(<%s>)" % token}, b"%d" % next(serial), "put", token)

    def step(self, state, event):
        kind, (status, found) = event.what[0], event.result or (0, None)
        if kind == "read":
            return keep(found == state or found and state == "?", state)
        if kind == "lock":
            if status == 423:
                return keep(state is not None or found, state)
            return when(state is None, status, 200, found or "?", state)
        if kind == "unlock":
            if status == 409:
                return keep(state != event.what[1], state)
            return when(state == event.what[1], status, 204, None, state)
        if status in (412, 423):
            return keep(state != event.what[1] or found, state)
        return when(state == event.what[1], status, 204, state, state)


def keep(is_right, state):
    return state if is_right else Ellipsis


def when(can, status, wanted, after, state):
    """Done, if it can be; status 0 is an answer that never came, so it may have failed."""
    if not status:
        return after if can else state
    return after if can and status == wanted else Ellipsis
