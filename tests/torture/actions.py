"""Random operations on an area: what to ask for, what must be answered, and what it is afterwards.

    action = choose(rng, area, "/k0", serial)
    answer = connection.request(action.method, action.target, action.headers, action.body, **action.how)
    area = action.done(answer)          # fails if that was not the answer
"""
import time
from dataclasses import dataclass, field
from typing import Any

from area import Area, Lock, is_in, parent
from holdfast import fail, lock_body, lock_token

NAMES = "abcdefgh"
PROPS = ("p0", "p1", "p2")
PROPS_NS = "urn:torture"
EXECUTABLE_NS = "http://apache.org/dav/props/"  # a bit of the file's mode, here one more property of it
NODES_MAX = 120
LOCKS_MAX = 3
BIG_PROP = 100000  # more than an extended attribute holds anywhere: the state database has it then
PROPPATCH = ('<D:propertyupdate xmlns:D="DAV:" xmlns:t="%s" xmlns:a="%s">%%s</D:propertyupdate>'
             % (PROPS_NS, EXECUTABLE_NS))
EXECUTABLE = "<D:set><D:prop><a:executable>%s</a:executable></D:prop></D:set>"


@dataclass
class Action:
    method: str
    path: str
    after: Any  # the area if it is done
    wanted: tuple
    target: str = ""
    headers: dict = field(default_factory=dict)
    body: Any = None
    how: dict = field(default_factory=dict)
    before: Any = None
    lock: Any = None  # of a LOCK that is new
    may_be_too_large: bool = False
    destroys: tuple = ()  # the trees that go or are replaced

    def __str__(self):
        return "%s %s %s" % (self.method, self.target, {k: v for k, v in self.headers.items() if k != "If"})

    def done(self, answer):
        if answer.status not in self.wanted:
            fail("%s: got %r, want %r; locks %r" % (self, answer, self.wanted, self.before.locks))
        if answer.status >= 400:
            return self.before
        if self.lock:
            return self.before.with_lock(lock_token(answer), self.lock)
        if self.method == "PROPPATCH" and b" 200 OK" not in answer.body:
            if not self.may_be_too_large or b" 507 " not in answer.body:
                fail("%s: %r" % (self, answer))
            return self.before
        return self.after


def new_path(rng, area, taken=None):
    """A path whose parent is there; taken: must there be something, or must not, None for either."""
    folders = [f for f in area.folders() if f.count("/") < 3]
    for _ in range(30):
        folder = rng.choice(folders)
        path = (folder + "/" if folder else "") + rng.choice(NAMES)
        if taken is None or (path in area.nodes) == taken:
            return path
    return None


def content(rng, label):
    size = rng.choice((0, 10, 100, 100, 1000, 1000, 5000, 70000, 300000))
    return (b"%s;" % label.encode() * (size // (len(label) + 1) + 1))[:size]


# ---- each gives an Action or None if it does not fit now ----

def put(rng, area, label):
    path = new_path(rng, area)
    if not path or area.is_folder(path):
        return None
    body = content(rng, label)
    return Action("PUT", path, area.with_put(path, body), (204 if path in area.nodes else 201,), body=body,
                  how={"chunked": rng.random() < 0.1})


def mkcol(rng, area, label):
    path = new_path(rng, area, taken=False)
    return path and Action("MKCOL", path, area.with_folder(path), (201,))


def delete(rng, area, label):
    if not area.nodes:
        return None
    path = rng.choice(list(area.nodes))
    return Action("DELETE", path, area.without(path), (204,), destroys=(path,))


def transfer(rng, area, method):
    if not area.nodes:
        return None
    source, to = rng.choice(list(area.nodes)), new_path(rng, area)
    if rng.random() < 0.5:  # over what is there: the hardest to do at once
        to = rng.choice(list(area.nodes))
    if not to or is_in(to, source) or is_in(source, to):
        return None
    if rng.random() < 0.3:  # more often whole trees
        source = source.split("/")[0]
        if is_in(to, source) or is_in(source, to):
            return None
    taken, headers = to in area.nodes, {"Destination": to}
    deep = method == "MOVE" or rng.random() < 0.9
    if not deep:
        headers["Depth"] = "0"
    if len(area.subtree(source)) + len(area.nodes) > NODES_MAX and method == "COPY":
        return None
    if rng.random() < 0.1:
        headers["Overwrite"] = "F"
        if taken:
            return Action(method, source, area, (412,), headers=headers)
    after = area.with_move(source, to) if method == "MOVE" else area.with_copy(source, to, deep)
    return Action(method, source, after, (204 if taken else 201,), headers=headers,
                  destroys=(source, to) if method == "MOVE" else (to,))


def copy(rng, area, label):
    return transfer(rng, area, "COPY")


def move(rng, area, label):
    return transfer(rng, area, "MOVE")


def proppatch(rng, area, label):
    if not area.nodes:
        return None
    path, changes, body, large = rng.choice(list(area.nodes)), {}, "", False
    for name in rng.sample(PROPS, rng.randint(1, len(PROPS))):
        if rng.random() < 0.25:
            changes[name], inner, what = None, "<t:%s/>" % name, "remove"
        else:
            changes[name] = (label + name) * (BIG_PROP // len(label + name) if rng.random() < 0.05 else 1)
            large = large or len(changes[name]) > 1000
            inner, what = "<t:%s>%s</t:%s>" % (name, changes[name], name), "set"
        body += "<D:%s><D:prop>%s</D:prop></D:%s>" % (what, inner, what)
    if area.nodes[path].content is not None and rng.random() < 0.2:
        # alone: the mode and what is in an attribute are two steps on disk (docs/behaviour.md, Properties)
        changes = {"executable": rng.choice(("T", None))}
        body = EXECUTABLE % (changes["executable"] or "F")
    # what was there already may be large too
    large = large or any(len(v) > 1000 for _, v in area.nodes[path].props)
    return Action("PROPPATCH", path, area.with_props(path, changes), (207,), body=PROPPATCH % body,
                  may_be_too_large=large)


def lock(rng, area, label):
    path = new_path(rng, area)
    if not path or len(area.locks) >= LOCKS_MAX or area.covering(path):
        return None
    deep, seconds = rng.random() < 0.5, rng.randrange(1000, 100000)
    if deep and area.locks_in(path):
        return None
    want = Lock(path, deep, (seconds,), time.monotonic())
    return Action("LOCK", path, area.with_lock("new", want), (200 if path in area.nodes else 201,),
                  headers={"Timeout": "Second-%d" % seconds, "Depth": "infinity" if deep else "0"},
                  body=lock_body(owner=label), lock=want)


def refresh(rng, area, label):
    if not area.locks:
        return None
    token, seconds = rng.choice(list(area.locks)), rng.randrange(1000, 100000)
    held, after = area.locks[token], area.copy()
    after.locks[token] = held._replace(timeouts=(seconds,), since=time.monotonic())
    return Action("LOCK", held.path, after, (200,),
                  headers={"If": "(<%s>)" % token, "Timeout": "Second-%d" % seconds})


def unlock(rng, area, label):
    if not area.locks:
        return None
    token = rng.choice(list(area.locks))
    return Action("UNLOCK", area.locks[token].path, area.without_lock(token), (204,),
                  headers={"Lock-Token": "<%s>" % token, "If": ""})


def refused(rng, area, label):
    """Without the token nothing happens below a lock."""
    covered = [path for path in area.nodes if area.covering(path)]
    if not covered:
        return None
    path = rng.choice(covered)
    method = rng.choice(("DELETE", "PROPPATCH", "MOVE", "COPY"))
    headers, body = {"If": ""}, None
    if method == "PROPPATCH":
        body = PROPPATCH % "<D:set><D:prop><t:p0>refused</t:p0></D:prop></D:set>"
    if method in ("COPY", "MOVE"):
        other = rng.choice(list(area.nodes))
        if is_in(other, path) or is_in(path, other):
            return None
        source, to = (other, path) if method == "COPY" else (path, other)
        headers["Destination"], path = to, source
    return Action(method, path, area, (423,), headers=headers, body=body)


KINDS = ((put, 30), (mkcol, 8), (delete, 8), (copy, 14), (move, 14), (proppatch, 12), (lock, 6), (refresh, 4),
         (unlock, 3), (refused, 4))


def choose(rng, area, prefix, label, kinds=KINDS):
    """The next thing to do in the area that is at `prefix` for clients."""
    if len(area.nodes) > NODES_MAX:
        kinds = ((delete, 1),)
    action = None
    while not action:
        kind = rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        action = kind(rng, area, label)
    return addressed(action, area, prefix)


def addressed(action, area, prefix):
    """The action as a request: its paths below the prefix, and the tokens of all locks."""
    action.before, action.target = area, prefix + "/" + action.path
    if "Destination" in action.headers:
        action.headers["Destination"] = prefix + "/" + action.headers["Destination"]
    if action.headers.get("If") == "":
        del action.headers["If"]
    elif "If" not in action.headers and area.locks:
        action.headers["If"] = tokens(area, prefix)
    return action


def tokens(area, prefix):
    return " ".join("<%s/%s> (<%s>)" % (prefix, held.path, token) for token, held in area.locks.items())


def start(rng):
    """An area with something in it."""
    area = Area()
    for i, folder in enumerate(("a", "a/b", "c", "c/d", "c/e")):
        area = area.with_folder(folder)
        for name in "fgh":
            area = area.with_put("%s/%s" % (folder, name), content(rng, "start%d%s" % (i, name)))
    return area
