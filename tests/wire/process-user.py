#!/usr/bin/env python3
"""--user: bound and read as root, served as somebody else, in every thread and for good."""
import grp
import pwd

from holdfast import *
from pki import *

WHO = "nobody"


def ids(s):
    found = set()
    for task in Path("/proc/%d/task" % s.process.pid).iterdir():
        try:
            text = (task / "status").read_text()
        except FileNotFoundError:
            continue  # it has ended
        found.add(tuple(re.search(r"^%s:\t?(.*)" % name, text, re.M)[1].strip()
                        for name in ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapInh", "CapAmb")))
    return found


def refused(status, arguments, *words, **more):
    got, out, err = run_program("serve", "--listen", "127.0.0.1:0", *arguments, **more)
    same((got, out), (status, ""), err)
    last = err.splitlines()[-1]
    for word in words:
        same(word in last, True, "%r in %r" % (word, err))


if os.getuid() != 0:
    skip("needs root, to cease to be it")
with temporary() as t:
    t.chmod(0o755)
    user, none = pwd.getpwnam(WHO), "0" * 16
    root, state, etc = t / "root", t / "made" / "state", t / "etc"
    root.mkdir()
    root.chmod(0o777)
    etc.mkdir()
    ca = Authority(t, "CA")
    pair = ca.issue("server")
    cert, key = etc / "cert", etc / "key"
    swap(cert, pair[0])
    swap(key, pair[1])
    cert.chmod(0o644)

    # A key that root alone may read, and a state folder that is not there.
    with Server("--user", WHO, "--tls-cert", str(cert), "--tls-key", str(key), root=root, state=state) as s:
        s.tls = True
        uid, gid = "%d" % user.pw_uid, "%d" % user.pw_gid
        groups = " ".join(map(str, sorted({user.pw_gid} | {g.gr_gid for g in grp.getgrall() if WHO in g.gr_mem})))
        same(ids(s), {("\t".join([uid] * 4), "\t".join([gid] * 4), groups, none, none, none, none)})
        same(s.request("PUT", "/file", {}, b"x").status, 201)
        same(s.request("MKCOL", "/folder").status, 201)
        same(s.request("COPY", "/file", {"Destination": "/folder/copy"}).status, 201)
        same(s.request("MOVE", "/folder", {"Destination": "/moved"}).status, 201)
        same(s.request("GET", "/moved/copy").body, b"x")
        same({os.stat(path).st_uid for path in (root / "file", root / "moved" / "copy", state)}, {user.pw_uid})
        same("%s cannot be read as this user, as SIGHUP would: Permission denied" % key in s.log(), True, s.log())
        same(str(cert) + " cannot" in s.log() or "serving as root" in s.log(), False, s.log())
        # Nobody but root may look into it: no core, no other process of that user.
        same(os.stat("/proc/%d/environ" % s.process.pid).st_uid, 0, "it leaves no core")
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "going on with the certificate as it was" in s.log(), "the key is not read again")
        s.alive()
        os.chown(key, user.pw_uid, -1)
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the certificate was read again" in s.log(), "now it is")

    log = etc / "log"
    with Server("--user", WHO, "--log-file", str(log), root=root, state=state) as s:
        eventually(lambda: "%s cannot be written as this user" % log in log.read_text(), "root made it")
    with Server("--user", "%s:%s" % (WHO, "daemon"), root=root, state=state) as s:
        same(len(ids(s)), 1)
        same(next(iter(ids(s)))[1].split()[0], str(grp.getgrnam("daemon").gr_gid))
    with Server("--user", str(user.pw_uid), root=root, state=state) as s:
        same(next(iter(ids(s)))[0].split()[0], uid)
    with Server("--user", "root") as s:
        same("serving as root" in s.log(), False)
        same(next(iter(ids(s)))[0].split()[0], "0")
    with Server() as s:
        eventually(lambda: s.log().count("serving as root") == 1, "it is told")

    good = ["--state", str(t / "other"), str(root)]
    refused(1, ["--user", "no-such-user"] + good, "there is no user no-such-user")
    refused(1, ["--user", WHO + ":no-such-group"] + good, "there is no group no-such-group")
    refused(1, ["--user", "4294967295"] + good, "there is no user 4294967295")
    refused(1, ["--user", ":daemon"] + good, "there is no user")
    root.chmod(0o700)  # what the user may not serve
    refused(1, ["--user", WHO] + good, "cannot", str(root))
    root.chmod(0o777)

    # Without root there is nobody else to become; oneself is fine.
    path = program()[-1]
    setpriv = ["setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups"]
    if subprocess.run(setpriv + [path, "--version"], capture_output=True).returncode:
        print("%s may not run %s: the rest was not tried" % (WHO, path))
    else:
        done = subprocess.run(setpriv + program() + ["serve", "--listen", "127.0.0.1:0", "--user", "daemon"] + good,
                              capture_output=True, text=True, timeout=20)
        same(done.returncode, 1, done.stderr)
        same("cannot become that user" in done.stderr, True, done.stderr)
        users = etc / "users"
        same(run_program("passwd", str(users), "ann", stdin="secret\n")[0], 0)
        os.chown(users, user.pw_uid, -1)
        os.chown(state, user.pw_uid, -1)
        os.environ["HOLDFAST_WRAP"] = " ".join(program()[:-1] + setpriv)
        for options, owner in ((["--users", str(users)], 0), (["--anonymous", "write"], user.pw_uid)):
            with Server(*options, root=root, state=state) as s:
                same(os.stat("/proc/%d/environ" % s.process.pid).st_uid, owner, "a core, or none for the secrets in it")
                same(s.request("OPTIONS", "/").status, (200, 204, 401))
