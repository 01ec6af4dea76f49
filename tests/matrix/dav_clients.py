"""Trials of WebDAV clients proper: cadaver, a davfs2 mount, rclone, gvfs, git http-push."""
import contextlib
import shutil

from http_clients import DRIVERS, need
from trial import (CALLS, HEARTBEAT, Op, Row, Said, SECONDS, Skip, TIMEOUT, Trial, eventually, last_line, os,
                   package_version, re, run, same, version)
from watch import MOVED_TO

# ---- cadaver: its words are all there is, it ends with 0 whatever happened ----


def cadaver(seconds=SECONDS, heartbeat=HEARTBEAT):
    """neon waits 120 s for an answer and takes 127 interims; cadaver has no options for either."""
    need("cadaver", "cadaver")
    with Trial([Op(kind) for kind in ("COPY", "MOVE", "DELETE", "PUT")], seconds, heartbeat) as trial:
        def command(op):
            words = {"COPY": "copy %s/ %s/" % (op.source, op.target), "MOVE": "move %s/ %s/" % (op.source, op.target),
                     "DELETE": "rmcol %s/" % op.source, "PUT": "put %s %s" % (trial.body, op.target)}[op.kind]
            _, out = run("cadaver", trial.url("/"), stdin=words + "\nquit\n", seconds=seconds + 120,
                         env={"HOME": str(trial.server.temp)})
            failed = re.search(r"^.*(failed|could not|error).*(\n.+)?", out, re.I | re.M)
            return Said(not failed and "succeeded" in out, last_line(failed[0]) if failed else "succeeded")

        return trial.rows("cadaver " + version(r"cadaver (\S+)", "cadaver", "--version"), "120 s", command)


# ---- davfs2 ----


@contextlib.contextmanager
def davfs2_mount(trial, locks):
    """The served folder, mounted. buf_size: with the default, listings fail on recent kernels."""
    need("mount.davfs", "davfs2")
    if os.getuid() != 0:
        raise Skip("mounting needs root")
    if not os.path.exists("/dev/fuse"):
        raise Skip("there is no /dev/fuse")
    temp = trial.server.temp
    mount, cache, conf = temp / "mount", temp / "cache", temp / "davfs2.conf"
    mount.mkdir()
    cache.mkdir()
    conf.write_text("use_locks %d\nask_auth 0\ndelay_upload 0\ncache_dir %s\nbuf_size 256\ndir_refresh 1\n"
                    "file_refresh 0\nread_timeout %d\n" % (locks, cache, TIMEOUT))
    temp.chmod(0o755)
    shutil.chown(cache, group="davfs2")
    cache.chmod(0o775)
    status, out = run("mount", "-t", "davfs", "-o", "conf=%s" % conf, trial.url("/"), mount)
    if status != 0:
        raise Skip("may not mount: " + last_line(out))
    try:
        if run("ls", mount)[0] != 0:
            raise Skip("this kernel's fuse and davfs2 do not list folders")
        yield mount
    finally:
        if os.path.ismount(mount) and run("umount", mount)[0] != 0:
            run("umount", "-l", mount)


def davfs2_name(locks):
    return "davfs2 %s, %s locks" % (package_version("davfs2"), "with" if locks else "without")


def davfs2(locks):
    """mv of a folder, rm of a file, a new file; davfs2 does one after the other."""
    ops = [Op("MOVE"), Op("DELETE", is_file=True), Op("PUT")]
    if locks:
        ops[2].events = MOVED_TO  # LOCK makes the file, PUT replaces it
    with Trial(ops) as trial, davfs2_mount(trial, locks) as mount:
        def command(op):
            if op.kind == "PUT":
                status, out = run("cp", trial.body, mount / op.target)
                if status != 0:
                    return Said(False, "rc %d, %s" % (status, last_line(out)))
                # The upload follows the close; what davfs2 could not bring there it keeps in lost+found.
                eventually(lambda: op.whole(trial.server, op.target) or lost(trial), "the upload ends", 60)
                return Said(status == 0 and not lost(trial), "rc %d, %s" % (status, lost(trial) or "uploaded"))
            words = ["mv", mount / op.source, mount / op.target] if op.kind == "MOVE" else ["rm", mount / op.source]
            status, out = run(*words)
            return Said(status == 0, last_line(out) or "rc %d" % status)

        return trial.rows(davfs2_name(locks), "read_timeout %d" % TIMEOUT, command, parallel=False)


def lost(trial):
    """Names of uploads that davfs2 gave up on."""
    return " ".join(path.name for path in (trial.server.temp / "cache").glob("*/lost+found/*"))


def davfs2_beyond_cap():
    """So long that the beats end at their cap and davfs2 gives up: the user's second mv gets the answer."""
    with Trial([Op("MOVE")], seconds=8, heartbeat=0.01) as trial, davfs2_mount(trial, False) as mount:
        def command(op):
            status, out = run("mv", mount / op.source, mount / op.target)
            return Said(status == 0, last_line(out) or "rc 0")

        rows = trial.rows(davfs2_name(False) + ", beats used up", "read_timeout %d" % TIMEOUT, command)
        if rows[0].interims > 127:
            rows[0].wrong.append("%d interims on one request; neon takes 127" % rows[0].interims)
        return rows


# ---- rclone ----


# 5 s at 2 s each are 3; more only where the machine stumbles. A storm of retries is 10 to 100.
RCLONE_REQUESTS = 8


def rclone_command(trial, timeout):
    """A command for Trial.rows, with rclone's default retries."""
    need("rclone", "rclone")
    config = trial.server.temp / "rclone.conf"
    config.write_text("[dav]\ntype = webdav\nurl = %s\nvendor = other\n" % trial.url("/"))

    def command(op):
        words = {"COPY": ["copyto", "dav:%s" % op.source, "dav:%s" % op.target],
                 "MOVE": ["moveto", "dav:%s" % op.source, "dav:%s" % op.target],
                 "DELETE": ["purge", "dav:%s" % op.source],
                 "PUT": ["copyto", trial.body, "dav:%s" % op.target]}[op.kind]
        status, out = run("rclone", "--config", config, "--timeout", "%ds" % timeout, *words, seconds=100,
                          env={"HOME": str(trial.server.temp)})
        words = re.sub(r"^[\d/]+ [\d:]+ (ERROR *: *)?", "", last_line(out))
        return Said(status == 0, "rc %d%s" % (status, ", " + words if words else ""))

    return command


def rclone_name():
    return "rclone " + version(r"rclone v?(\S+)", "rclone", "version")


def rclone():
    with Trial([Op("COPY", is_file=True), Op("MOVE", is_file=True), Op("DELETE")]) as trial:
        rows = trial.rows(rclone_name(), "--timeout %ds" % TIMEOUT, rclone_command(trial, TIMEOUT))
        for row in rows:
            if row.requests > RCLONE_REQUESTS:
                row.wrong.append("%d requests, more than its timeout forces" % row.requests)
        return rows


def rclone_upload(is_there=False):
    """What rclone could not upload it removes by a DELETE of its own, and then tries again; is_there: over an
    older file. So it may fail or be done more than once. What must hold: after a success the file is there."""
    op = Op("PUT")
    with Trial([op], calls=("renameat2",) if is_there else ("linkat",)) as trial:
        if is_there:
            trial.server.write(op.target, "older")
            op.watch.forget()
        row = Row(rclone_name(), "PUT, over another" if is_there else "PUT", trial.seconds, "--timeout %ds" % TIMEOUT)
        said = rclone_command(trial, TIMEOUT)(op)
        row.said = said.text
        trial.finish({op: row}, is_once=False)  # after everything that still runs
        lacking = op.lacks(trial.server)
        if said.done and lacking:
            row.wrong.append("it was told of success, but %s" % lacking)
        if lacking and trial.server.path(op.target).exists() and trial.server.read(op.target) != b"older":
            row.wrong.append(lacking)
        trial.failed = bool(row.wrong)
        if not said.done:
            row.ended = "told of its failure"
        return [row]


# ---- gvfs ----


def gvfs():
    """gio on dav://, all at once under a session bus of its own. gvfs has no timeout that we could meet."""
    need("gio", "libglib2.0-bin")
    need("dbus-run-session", "dbus-daemon")
    if not os.path.exists("/usr/share/gvfs/mounts/dav.mount"):
        raise Skip("gvfs has no dav backend here (package gvfs-backends)")
    ops = [Op("COPY", is_file=True), Op("MOVE", is_file=True), Op("DELETE", is_file=True), Op("PUT")]
    with Trial(ops) as trial:
        home = trial.server.temp / "home"
        home.mkdir()
        env = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_DATA_HOME": str(home / "data"),
               "GVFS_DISABLE_FUSE": "1", "GIO_USE_VFS": "gvfs"}
        base = trial.url("/").replace("http:", "dav:")

        def command(op):
            source, target = base + (op.source or ""), base + (op.target or "")
            words = {"COPY": ["copy", source, target], "MOVE": ["move", source, target], "DELETE": ["remove", source],
                     "PUT": ["copy", trial.body, target]}[op.kind]
            status, out = run("dbus-run-session", "--", DRIVERS / "gio.sh", base, *words, env=env)
            if "cannot mount" in out:
                raise Skip("gvfs does not mount here: " + last_line(out))
            return Said(status == 0, "rc %d%s" % (status, ", " + last_line(out) if status else ""))

        return trial.rows("gvfs " + package_version("gvfs-backends"), "none", command)


# ---- git ----


class RefPut(Op):
    """http-push locks the new ref, which makes it, empty; then it puts the commit's name there."""

    def __init__(self):
        super().__init__("PUT")
        self.target, self.request_path = "slow-branch", "/repo.git/refs/heads/slow-branch"
        self.events, self.head = MOVED_TO, None

    def prepare(self, server, watch):
        self.env = {"HOME": str(server.temp), "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
                    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
        self.repo, self.work = server.path("repo.git"), server.temp / "work"
        for words in (["init", "-q", "--bare", self.repo], ["-C", self.repo, "update-server-info"],
                      ["init", "-q", self.work], ["-C", self.work, "commit", "-q", "--allow-empty", "-m", "one"]):
            status, out = run("git", *words, env=self.env)
            same((status, out), (0, ""), "git %s" % words)
        self.head = run("git", "-C", self.work, "rev-parse", "HEAD", env=self.env)[1].strip()
        watch.add(self.repo / "refs" / "heads", MOVED_TO)

    def lacks(self, server):
        ref = server.path(self.request_path.strip("/"))
        text = ref.read_text() if ref.exists() else ""
        return "" if self.head and text.strip() == self.head else "the ref says %r" % text


def git(low_speed=0):
    """http-push to a dumb repository; LOCK and PUT of the new ref are the long operations."""
    need("git", "git")
    if not os.path.exists(os.path.join(run("git", "--exec-path")[1].strip(), "git-http-push")):
        raise Skip("this git has no http-push")
    op = RefPut()
    calls = ("renameat2",) if low_speed else CALLS  # LOCK is quick then
    with Trial([op], calls=calls) as trial:
        env = dict(op.env)
        if low_speed:
            env.update(GIT_HTTP_LOW_SPEED_LIMIT="1", GIT_HTTP_LOW_SPEED_TIME=str(low_speed))

        def command(op):
            status, out = run("git", "-C", op.work, "push", trial.url("/repo.git"), "HEAD:refs/heads/slow-branch",
                              env=env)
            words = [line for line in out.splitlines() if re.search("error|fatal|fail|Unable|cannot", line)]
            return Said(status == 0, "rc %d%s" % (status, ", " + words[0] if words else ""))

        timeout = "http.lowSpeedTime %d" % low_speed if low_speed else "none"
        # Each push locks the ref anew and names its lock in the PUT: a second push is another request.
        rows = trial.rows("git " + version(r"version (\S+)", "git", "version"), timeout, command,
                          is_once=not low_speed)
        if rows[0].executed > 1:
            rows[0].ended = "%d commands, each with a lock of its own" % rows[0].commands
        return rows
