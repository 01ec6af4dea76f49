#!/usr/bin/env python3
"""A server reaches the folders that its options name and nothing else; files there may be replaced and read again."""
from base64 import b64encode

from holdfast import *
from pki import *


def status(s):
    return s.request("GET", "/", {"Authorization": "Basic " + b64encode(b"ann:secret").decode()}).status


def fields(s, thread):
    try:
        text = Path("/proc/%d/task/%s/status" % (s.process.pid, thread)).read_text()
    except FileNotFoundError:
        return {}  # it has ended
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def reload(s, line):
    before = s.log().count(line)
    s.process.send_signal(signal.SIGHUP)
    eventually(lambda: s.log().count(line) > before, line)


with temporary() as t:
    for name in ("etc", "there", "far", "log"):
        (t / name).mkdir()
    users, link, far = t / "there" / "users", t / "etc" / "link", t / "far" / "users"
    same(run_program("passwd", str(users), "ann", stdin="secret\n")[0], 0)
    far.write_bytes(users.read_bytes())
    link.symlink_to(users)
    log = t / "log" / "file"

    with Server("--users", str(link), "--log-file", str(log)) as s:
        same(status(s), 200)
        for thread in os.listdir("/proc/%d/task" % s.process.pid):
            found = fields(s, thread)
            same(found.get("NoNewPrivs"), "1" if found else None, "no_new_privs")
            if not sanitized():
                same(found.get("Seccomp"), "2" if found else None, "a filter of system calls in every thread")
        same(s.request("COPY", "/", {"Destination": "/x"}).status, 401)
        # Users and the log are replaced, as editors and logrotate do it.
        swap(users, far)
        log.rename(t / "log" / "file.1")
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: log.exists() and "the users were read again" in log.read_text(), "a reload")
        same(status(s), 200)
        s.log_path.write_text(log.read_text())
        # Elsewhere nothing is to be had, also by a link.
        fresh = t / "etc" / "fresh"
        fresh.symlink_to(far)
        fresh.replace(link)
        s.process.send_signal(signal.SIGHUP)
        is_held = not sanitized() and "not confined to its files" not in log.read_text()
        if is_held:
            eventually(lambda: "Permission denied" in log.read_text(), "the other folder is refused")
        else:
            eventually(lambda: log.read_text().count("the users were read again") == 2, "it can be read")
            print("no Landlock here: files are not tried")
        same(status(s), 200, "the users as they were")

    link.unlink()
    link.symlink_to(users)
    with Server("--users", str(link), "--confine", "off") as s:
        same(status(s), 200)
        thread = str(s.process.pid)
        same((fields(s, thread)["Seccomp"], fields(s, thread)["NoNewPrivs"]), ("0", "1"))
        link.unlink()
        link.symlink_to(far)
        reload(s, "the users were read again")
