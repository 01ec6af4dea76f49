#!/usr/bin/env python3
"""holdfast passwd adds and changes users; a running server sees it after SIGHUP; htpasswd's bcrypt works."""
from base64 import b64encode

from holdfast import *


def status(s, user, password):
    return s.request("GET", "/", {"Authorization": "Basic " + b64encode(b"%s:%s" % (user, password)).decode()}).status


with Server(users={"alice": "one"}) as s:
    users = str(s.users_file())
    same(oct(os.stat(users).st_mode & 0o077), "0o0", "nobody else may read it")
    text = Path(users).read_text()
    same(bool(re.fullmatch(r"alice:\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}\n", text)), True, text)
    same(status(s, b"alice", b"one"), 200)
    same(run_program("passwd", users, "bob", stdin="two\n")[0], 0)
    same(run_program("passwd", users, "alice", stdin="three\n")[0], 0)
    same(sorted(line.split(":")[0] for line in Path(users).read_text().splitlines()), ["alice", "bob"])
    s.process.send_signal(signal.SIGHUP)
    eventually(lambda: status(s, b"bob", b"two") == 200, "bob may come in")
    same(status(s, b"alice", b"three"), 200)
    same(status(s, b"alice", b"one"), 401)
    for arguments, stdin in ((["passwd"], ""), (["passwd", users], ""), (["passwd", users, "a:b"], "x\n"),
                             (["passwd", users, ""], "x\n"), (["passwd", users, "bob", "x"], "x\n")):
        code, out, err = run_program(*arguments, stdin=stdin)
        same(code, (1, 2), str(arguments))
        same(len(err.strip().splitlines()), 1, err)
    code, out, err = run_program("passwd", users, "carol", stdin="")
    same(code, (1, 2), "no password")
    same("carol" in Path(users).read_text(), False)
