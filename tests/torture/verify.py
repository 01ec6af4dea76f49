"""What is in a folder now, on disk and through WebDAV, and whether that may be.

settle() is the judgement after a crash: everything that was acknowledged must be there, and the one
operation that was not is done as a whole or not at all.
"""
import os
import time

from actions import EXECUTABLE_NS, PROPPATCH, PROPS, PROPS_NS, tokens
from area import Area, Lock, Node, is_in
from holdfast import PATIENCE, dav, fail, propfind, same

EXECUTABLE = "{%s}executable" % EXECUTABLE_NS
ASKED = tuple("{%s}%s" % (PROPS_NS, name) for name in PROPS) + (EXECUTABLE,) + tuple(
    dav(name) for name in ("resourcetype", "getcontentlength", "lockdiscovery"))


def read_disk(folder):
    """path -> content, None for folders. Names of ours are left out: others look at these."""
    found = {}
    for base, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".holdfast-")]
        inner = os.path.relpath(base, folder)
        inner = "" if inner == "." else inner + "/"
        for name in folders:
            found[inner + name] = None
        for name in files:
            if not name.startswith(".holdfast-"):
                with open(os.path.join(base, name), "rb") as file:
                    found[inner + name] = file.read()
    return found


def find_locks(element, prefix, into):
    for active in element.iter(dav("activelock")):
        root = active.findtext(dav("lockroot") + "/" + dav("href")).rstrip("/")
        seconds = int(active.findtext(dav("timeout")).split("-")[1])
        into[active.findtext(dav("locktoken") + "/" + dav("href"))] = (
            root[len(prefix) + 1:], active.findtext(dav("depth")) == "infinity", seconds)


def read_area(server, connection, prefix):
    """The area at this prefix as it is, and token -> (path, deep, seconds left) of its locks. What WebDAV
    lists and what lies on disk must be the same."""
    listed, locks = {}, {}
    for href, (_, props) in propfind(connection, prefix, *ASKED, depth="infinity").items():
        path = href.rstrip("/")[len(prefix) + 1:]
        find_locks(props[dav("lockdiscovery")][1], prefix, locks)
        is_folder = len(props[dav("resourcetype")][1]) > 0
        length = None if is_folder else int(props[dav("getcontentlength")][1].text)
        dead = frozenset((name, props["{%s}%s" % (PROPS_NS, name)][1].text or "")
                         for name in PROPS if props["{%s}%s" % (PROPS_NS, name)][0] == 200)
        if EXECUTABLE in props and props[EXECUTABLE][1].text == "T":
            dead |= {("executable", "T")}
        listed[path] = (length, dead)
    listed.pop("", None)
    disk = read_disk(server.path(prefix[1:]))
    same({path: length for path, (length, _) in listed.items()},
         {path: None if content is None else len(content) for path, content in disk.items()},
         "what is listed in %s, against what is on disk" % prefix)
    return Area({path: Node(disk[path], dead) for path, (_, dead) in listed.items()}), locks


def lock_fits(lock, found):
    """The same lock with a time left that it can have?"""
    path, deep, seconds = found
    gone = time.monotonic() - lock.since + 2 * PATIENCE
    return (path, deep) == (lock.path, lock.deep) and any(t - gone <= seconds <= t for t in lock.timeouts)


def judge_locks(wanted, before, action, found):
    """None if the locks that were found fit, else why not. wanted: the area that the files are like."""
    visible = {t: l for t, l in wanted.locks.items() if l.path == "" or l.path in wanted.nodes}
    for token in set(found) - set(visible):
        is_new = action and action.lock and found[token][:2] == (action.lock.path, action.lock.deep)
        if not is_new and not (action and token in before.locks):
            return "a lock that nobody holds: %s %r" % (token, found[token])
    for token in set(visible) - set(found) - {"new"}:
        if not (action and action.method == "UNLOCK" and token not in action.after.locks):
            return "the lock %s on %s is lost" % (token, visible[token].path)
    for token in set(visible) & set(found):
        held = visible[token]
        if action and action.method == "LOCK" and token in action.after.locks:  # a refresh: either time
            held = held._replace(timeouts=held.timeouts + action.after.locks[token].timeouts,
                                 since=min(held.since, before.locks[token].since))
            held = held._replace(timeouts=held.timeouts + before.locks[token].timeouts)
        if not lock_fits(held, found[token]):
            return "the lock %s is %r, not %r" % (token, found[token], held)
    return None


def settled_locks(wanted, before, action, found):
    """The model of the locks that were found. An unknown one is the action's own."""
    after = {}
    for token, (path, deep, seconds) in found.items():
        held = wanted.locks.get(token) or before.locks.get(token)
        after[token] = Lock(path, deep, (seconds,), time.monotonic()) if not held or action else held
    return after


def settle(before, action, found, found_locks):
    """The area as it is to be gone on with. action: the one that was not acknowledged, or None."""
    candidates = [("before", before)] + ([("after", action.after)] if action else [])
    why = []
    for name, wanted in candidates:
        if wanted.nodes != found.nodes:
            why.append("%s it: %s" % (name, Area(wanted.nodes).differences(found)))
            continue
        complaint = judge_locks(wanted, before, action, found_locks)
        if not complaint:
            return Area(found.nodes, settled_locks(wanted, before, action, found_locks))
        why.append("%s it: %s" % (name, complaint))
    return fail("%s: neither old nor new\n  %s" % (action or "acknowledged changes", "\n  ".join(why)))


def probe_locks(connection, area, prefix):
    """Each lock still refuses others."""
    for token, held in area.locks.items():
        target = "%s/%s" % (prefix, held.path)
        if area.is_folder(held.path):
            answer = connection.request("PROPPATCH", target, {}, PROPPATCH % "<D:set><D:prop><t:p0/></D:prop></D:set>")
        else:
            answer = connection.request("PUT", target, {}, b"refused")
        same(answer.status, 423, "%s without the token %s" % (target, token))


def drop_left_locks(connection, before, area, prefix):
    """Locks of what is gone may have outlived it, if nobody was told that it is gone."""
    for token, held in before.locks.items():
        if token not in area.locks:
            answer = connection.request("UNLOCK", "%s/%s" % (prefix, held.path), {"Lock-Token": "<%s>" % token})
            same(answer.status, (204, 403, 404, 409), "UNLOCK of a lock that should be gone")


def is_blocked(connection, area, action, prefix):
    """A LOCK that died: does its lock, whose token nobody knows, keep an unmapped name from us?"""
    if action.path in area.nodes:
        return False
    headers = {"If": tokens(area, prefix)} if area.locks else {}
    target = "%s/%s" % (prefix, action.path)
    answer = connection.request("PUT", target, headers, b"")
    if answer.status == 423:
        return True
    same(answer.status, 201, "PUT where a LOCK was not done")
    same(connection.request("DELETE", target, headers).status, 204)
    return False


def is_clean(folder):
    return not any(name.startswith(".holdfast-") for base, folders, files in os.walk(folder)
                   for name in folders + files)
