#!/usr/bin/env python3
"""holdfast check: a sound file is printed as the server reads it, exit 0; what is wrong is one line, exit 2; a server
started with a file serves as it says, the command line before it."""
from holdfast import *

with temporary() as t:
    config, root, users = t / "holdfast.conf", t / "files", t / "users"
    root.mkdir()
    (t / "other").mkdir()
    same(run_program("passwd", str(users), "ann", stdin="x\n")[0], 0)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", str(t / "key.pem"), "-out",
                    str(t / "cert.pem")], check=True, capture_output=True)

    def check(text, *more):
        config.write_text(text)
        return run_program("check", "--config", str(config), *more, env={**os.environ, "STATE_DIRECTORY": str(t / "s")})

    sound = """
# relative names start here
listen = 127.0.0.1:0
users = users
tls-cert = cert.pem
tls-key = key.pem
max-upload = 1000
[share main]
root = files
prefix = /
"""
    status, out, err = check(sound)
    same((status, err), (0, ""))
    for line in ("listen = 127.0.0.1:0", "users = %s" % users, "# heartbeat = 15", "[share main]", "prefix = /",
                 "root = %s" % root, "max-upload = 1000", "# read-only = no"):
        same(line in out.splitlines(), True, "%r in\n%s" % (line, out))
    same(check(out)[1], out, "read again it says the same")
    same(check(sound, "--max-upload", "5")[1].count("max-upload = 5\n"), 1)
    same(os.path.exists(t / "s"), False, "nothing was made")
    same(check("", "--listen", "127.0.0.1:0", str(root))[0], 0, "without shares")
    same(check("", "--help")[0], 0)

    failures = []
    for text, wanted in (
            ("lisden = x\n", "%s:1: lisden: there is no such key" % config),
            (sound.replace("prefix = /", "prefix = x"), "%s:10: prefix: bad value x" % config),
            (sound.replace("= users", "= nobody"), "cannot read the users of %s" % (t / "nobody")),
            (sound.replace("key.pem", "cert.pem"), "cert.pem"),
            (sound.replace("key.pem", "none.pem"), str(t / "none.pem")),
            (sound.replace("files", "none"), "cannot serve %s: No such file" % (t / "none")),
            (sound.replace("files", "users"), "cannot serve %s: Not a directory" % users),
            (sound + "state = files/s\n", "lies inside the served folder"),
            (sound + "[share b]\nroot = other\n", "%s:11: the prefixes /b/ of share b and / of share main" % config),
            (sound.replace("prefix = /", "") + "[share b]\nroot = files/../files\n", "lies inside that of share"),
            ("", "which folder? DIR is missing")):
        status, out, err = check(text)
        if (status, out, len(err.splitlines())) != (2, "", 1) or wanted not in err:
            failures.append("%r: %d %r %r" % (wanted, status, out, err))
    status, out, err = check(sound, str(root))
    if status != 2 or "either DIR is served or the shares of" not in err:
        failures.append("DIR and shares: %d %r" % (status, err))
    if failures:
        fail("\n" + "\n".join(failures))

    config.write_text("max-upload = 10\nread-only = yes\n")
    with Server("--config", str(config), "--read-only=no") as s:
        same(s.request("PUT", "/a", {}, b"x" * 11).status, 413)
        same(s.request("PUT", "/a", {}, b"x" * 10).status, 201)
