"""What must be in a folder: a model of one client's part of the tree, and of its locks.

An Area is a state: files with their content and dead properties, folders, locks. Its functions give the
state after an operation and change nothing themselves, so that old and new can both be held against what
is found after a crash. Paths are relative to the area, "" is its own folder, which always is there.
"""
import os
from collections import namedtuple

# content: bytes, None for a folder; props: frozenset of (name, value)
Node = namedtuple("Node", "content props")
Lock = namedtuple("Lock", "path deep timeouts since")  # timeouts: the seconds that may have been granted

FOLDER = Node(None, frozenset())


def parent(path):
    return os.path.dirname(path)


def is_in(path, top):
    """Is it top, or below?"""
    return path == top or top == "" or path.startswith(top + "/")


def moved(path, top, to):
    return to + path[len(top):]


class Area:
    def __init__(self, nodes=None, locks=None):
        self.nodes = dict(nodes or {})
        self.locks = dict(locks or {})

    def __eq__(self, other):
        return self.nodes == other.nodes and self.locks == other.locks

    def copy(self):
        return Area(self.nodes, self.locks)

    # ---- what is there ----

    def folders(self):
        return [""] + [path for path, node in self.nodes.items() if node.content is None]

    def is_folder(self, path):
        return path == "" or path in self.nodes and self.nodes[path].content is None

    def subtree(self, top):
        return {path: node for path, node in self.nodes.items() if is_in(path, top)}

    def covering(self, path):
        """Tokens of the locks on the path, and of the deep ones above."""
        return [token for token, lock in self.locks.items()
                if lock.path == path or lock.deep and is_in(path, lock.path)]

    def locks_in(self, top):
        return [token for token, lock in self.locks.items() if is_in(lock.path, top)]

    # ---- what it is after an operation ----

    def without(self, top, own_lock=True):
        """The tree at top is gone, and the locks in it; not the one on top if the URL stays mapped."""
        after = self.copy()
        for path in self.subtree(top):
            del after.nodes[path]
        for token in self.locks_in(top):
            if own_lock or self.locks[token].path != top:
                del after.locks[token]
        return after

    def with_put(self, path, content):
        after = self.copy()
        after.nodes[path] = Node(content, self.nodes[path].props if path in self.nodes else frozenset())
        return after

    def with_folder(self, path):
        after = self.copy()
        after.nodes[path] = FOLDER
        return after

    def with_copy(self, top, to, deep=True):
        after = self.without(to, own_lock=False) if to in self.nodes else self.copy()
        for path, node in self.subtree(top).items():
            if deep or path == top:
                after.nodes[moved(path, top, to)] = node
        return after

    def with_move(self, top, to):
        after = self.with_copy(top, to)
        return after.without(top)

    def with_props(self, path, changes):
        """changes: name -> value, None to remove"""
        node, after = self.nodes[path], self.copy()
        props = {**dict(node.props), **changes}
        after.nodes[path] = Node(node.content, frozenset((n, v) for n, v in props.items() if v is not None))
        return after

    def with_lock(self, token, lock):
        after = self.copy()
        if lock.path not in after.nodes:
            after.nodes[lock.path] = Node(b"", frozenset())
        after.locks[token] = lock
        return after

    def without_lock(self, token):
        after = self.copy()
        del after.locks[token]
        return after

    # ---- comparing ----

    def differences(self, other, limit=5):
        """How other differs, in words."""
        found = []
        for path in sorted(set(self.nodes) | set(other.nodes)):
            mine, its = self.nodes.get(path), other.nodes.get(path)
            if mine != its:
                found.append("%s: %s, not %s" % (path, show(its), show(mine)))
        for token in sorted(set(self.locks) ^ set(other.locks)):
            lock = self.locks.get(token) or other.locks.get(token)
            found.append("lock %s on %s: %s" % (token[-8:], lock.path, "gone" if token in self.locks else "there"))
        return "; ".join(found[:limit]) + ("; and %d more" % (len(found) - limit) if len(found) > limit else "")


def show(node):
    if node is None:
        return "nothing"
    what = "a folder" if node.content is None else "%d bytes %r" % (len(node.content), node.content[:24])
    return what + ("".join(" %s=%s" % (n, v[:12]) for n, v in sorted(node.props)))
