"""A server of whose system calls the n-th fails (tests/preload/fail.c), and what must be so afterwards.

    with FaultyServer() as s:
        s.arm(3, errno.EIO, match=str(s.root))
        s.request("PUT", "/a", {}, b"new")
        struck = s.disarm()
"""
import errno
import hashlib
import mmap
import shutil
import stat
import struct
import tempfile

from holdfast import *
from holdfast import __all__ as _names

__all__ = _names + ["ALL_CALLS", "FaultyServer", "Ordeal", "SPACE_CALLS", "STATUS", "SYNC_CALLS", "WRITE_CALLS", "errno", "on_ram", "shutil", "view"]

CALLS = ("open read write copy sync link rename unlink mkdir setxattr getxattr setmeta truncate stat getdents "
         "close").split()
ALL_CALLS = tuple(CALLS)
SPACE_CALLS = tuple("open write copy sync link rename mkdir setxattr truncate close".split())
WRITE_CALLS = ("write", "copy")
SYNC_CALLS = ("sync",)
STATUS = {errno.EIO: 500, errno.ENOSPC: 507, errno.EACCES: 403, errno.EROFS: 403, errno.EMFILE: 503,
          errno.ENOMEM: 503, 0: None}


def on_ram():
    """Temporary folders lie in memory where that keeps attributes: faults are many, and syncs slow."""
    try:
        with open("/dev/shm/holdfast-%d" % os.getpid(), "w") as probe:
            try:
                os.setxattr(probe.name, "user.holdfast.test", b"1")
                tempfile.tempdir = "/dev/shm"
            finally:
                os.unlink(probe.name)
    except OSError:
        pass


def digest(content):
    """Long ones shall not fill the messages."""
    return content if len(content) < 100 else (len(content), hashlib.sha1(content).hexdigest())


def view(folder):
    """All that clients can see of a folder: path -> (kind, mode, content, dead properties)."""
    found = {}
    for base, dirs, files in os.walk(folder):
        dirs[:] = [name for name in dirs if not name.startswith(".holdfast-")]
        for name in dirs + files:
            path = os.path.join(base, name)
            if name.startswith(".holdfast-"):
                continue
            st = os.lstat(path)
            if stat.S_ISLNK(st.st_mode):
                found[os.path.relpath(path, folder)] = ("link", os.readlink(path))
                continue
            try:
                props = os.getxattr(path, "user.holdfast.props")
            except OSError:
                props = None
            content = None if stat.S_ISDIR(st.st_mode) else digest(open(path, "rb").read())
            found[os.path.relpath(path, folder)] = (stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode), content, props)
    return found


class FaultyServer(Server):
    LAYOUT = struct.Struct("=6I232s")

    def __init__(self, *options, **more):
        super().__init__(*options, **more)
        path = self.temp / "control"
        path.write_bytes(bytes(self.LAYOUT.size))
        with open(path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def environment(self):
        library = Path(slow_lib()).with_name("fail.so")
        if not library.exists():
            skip("no fail.so")
        return {**super().environment(), "HOLDFAST_FAIL": str(self.temp / "control"),
                "LD_PRELOAD": " ".join(filter(None, [os.environ.get("HOLDFAST_PRELOAD"), str(library)]))}

    def arm(self, nth, error, match, calls=ALL_CALLS, persists=False):
        bits = sum(1 << CALLS.index(name) for name in calls)
        self.control[4:] = self.LAYOUT.pack(0, bits, error, persists, 0, 0, os.fsencode(match))[4:]
        self.control[:4] = struct.pack("=I", nth)

    def disarm(self):
        """How many calls have failed."""
        struck = self.struck()
        self.control[:4] = self.control[20:24] = struct.pack("=I", 0)
        return struck

    def struck(self):
        return struct.unpack_from("=I", self.control, 20)[0]

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))


class Ordeal:
    """Requests to one server, each again and again with a fault at its first call, its second and so on.
    is_fresh: to a server that has just been started, whose journal knows no folder yet."""

    def __init__(self, server, build, is_fresh=False):
        self.server, self.build, self.is_fresh = server, build, is_fresh
        self.statuses = STATUS
        self.faults = self.requests = self.restarts = 0
        self.rebuild()
        self.old = self.view()

    def view(self):
        """Dead properties as clients see them: the state database may have some."""
        s = self.server
        props = {}
        for href, (_, found) in propfind(s, "/", "{u:}x", depth="infinity").items():
            status, element = found["{u:}x"]
            props[href.strip("/")] = element.text if status == 200 else None
        return {path: entry[:3] + (props.get(path),) for path, entry in view(s.root).items()}

    def rebuild(self):
        """What is there goes through the server, which may know properties of it."""
        s = self.server
        for name in os.listdir(s.root):
            if s.path(name).is_symlink():
                s.path(name).unlink()
        for name in os.listdir(s.root):
            same(s.request("DELETE", "/" + name).status, 204, "DELETE /%s" % name)
        self.settle()
        self.build(s)

    def settle(self):
        """Waits until nothing of ours is left; if the fault was in the way of that, the next start removes it."""
        s, end = self.server, time.monotonic() + 0.1
        while strays(s.root) and (time.monotonic() < end or not s.struck()):
            time.sleep(0.001)
            if time.monotonic() > end + 20 * PATIENCE:
                fail("what was deleted is never purged")

    def run(self, match, request, wanted, error, calls):
        """request(server): the answer. wanted: its status without a fault."""
        s = self.server
        answer = request(s)
        same(answer.status, wanted, "without a fault: %r" % answer)
        eventually(lambda: not strays(s.root), "it is purged")
        self.new = self.view()
        self.requests += 1
        open_before, nth = s.descriptors(), 1
        while self.once(match, request, wanted, error, calls, nth):
            nth += 1
        eventually(lambda: s.descriptors() <= open_before, "no descriptor is lost")
        self.rebuild()

    def once(self, match, request, wanted, error, calls, nth):
        s = self.server
        if self.view() != self.old:
            self.rebuild()
        if self.is_fresh:
            s.stop()
            s.start()
        s.arm(nth, error, match, calls)
        answer = request(s)
        self.settle()
        if not s.disarm():
            return False
        what = "call %d, errno %d, answered %r" % (nth, error, answer)
        self.faults += 1
        if calls == SYNC_CALLS:
            same(answer.status, STATUS[error], "nobody may be told that it is on disk; " + what)
        self.check(answer, wanted, error, what)
        if strays(s.root):
            self.restarts += 1
            s.stop()
            s.start()
            eventually(lambda: not strays(s.root), "strays are gone after a restart; " + what)
            self.check(answer, wanted, error, what + ", restarted")
        if self.view() == self.old:
            same(request(s).status, wanted, "sent again; " + what)
            self.settle()
            same(self.view(), self.new, "sent again; " + what)
        return True

    def check(self, answer, wanted, error, what):
        is_done = answer.status == wanted and not names_failure(answer)
        if answer.status not in (wanted, 207):
            same(answer.status, self.statuses[error], what)
        now = self.view()
        if now == self.new or (now == self.old and not is_done):
            return
        if answer.status == 207 and not is_done:
            # members that the 207 names may be missing, or without what is theirs
            named = [href.strip("/").split("/", 1)[-1] for href in hrefs(answer)]
            differs = [path for path in set(now) | set(self.new) if now.get(path) != self.new.get(path)]
            if all(any(path.endswith(name) or "/%s/" % name in path for name in named) for path in differs):
                return
        fail("%s: there is\n%r\nwanted\n%r" % (what, now, self.new))


def names_failure(answer):
    return answer.status == 207 and any(code[0] not in "24" or code.startswith(("403", "409", "423", "424"))
                                        for code in re.findall(r"HTTP/1\.1 (\d+)", answer.body.decode()))
