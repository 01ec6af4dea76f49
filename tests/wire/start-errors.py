#!/usr/bin/env python3
"""What keeps it from starting is told in one line on stderr: exit 1; wrong usage: exit 2."""
import socket

from holdfast import *

with temporary() as t, socket.create_server(("127.0.0.1", 0)) as busy:
    root, state, file = t / "root", t / "state", t / "file"
    root.mkdir()
    file.write_text("x")
    port = "127.0.0.1:%d" % busy.getsockname()[1]
    good = ["--listen", "127.0.0.1:0", "--state", str(state)]
    cases = (
        ("missing folder", 1, good + [str(t / "none")]),
        ("a file, not a folder", 1, good + [str(file)]),
        ("busy port", 1, ["--listen", port, "--state", str(state), str(root)]),
        ("second port busy", 1, good + ["--listen", port, str(root)]),
        ("state is a file", 1, ["--listen", "127.0.0.1:0", "--state", str(file), str(root)]),
        ("state below a file", 1, ["--listen", "127.0.0.1:0", "--state", str(file / "x"), str(root)]),
        ("state in /proc", 1, ["--listen", "127.0.0.1:0", "--state", "/proc/none", str(root)]),
        ("no certificate there", 1, good + ["--tls-cert", str(t / "no"), "--tls-key", str(t / "no"), str(root)]),
        ("certificate is nonsense", 1, good + ["--tls-cert", str(file), "--tls-key", str(file), str(root)]),
        ("no users file", 1, good + ["--users", str(t / "no"), str(root)]),
        ("an address of another machine", 1, ["--listen", "192.0.2.1:0", "--anonymous", "read", "--state", str(state), str(root)]),
        ("unknown option", 2, good + ["--nonsense", str(root)]),
        ("no folder", 2, good),
        ("two folders", 2, good + [str(root), str(root)]),
        ("bad listen", 2, ["--listen", "nonsense", str(root)]),
        ("open to all, unsaid", 2, ["--listen", "0.0.0.0:0", "--state", str(state), str(root)]),
        ("open to nobody", 2, good + ["--anonymous", "none", str(root)]),
        ("bad anonymous", 2, good + ["--anonymous", "some", str(root)]),
        ("bad proxy", 2, good + ["--trusted-proxy", "localhost", str(root)]),
        ("bad port", 2, ["--listen", "127.0.0.1:99999", str(root)]),
        ("bad heartbeat", 2, good + ["--heartbeat", "soon", str(root)]),
        ("negative heartbeat", 2, good + ["--heartbeat", "-1", str(root)]),
        ("bad mode", 2, good + ["--heartbeat-mode", "loud", str(root)]),
        ("bad workers", 2, good + ["--workers", "none", str(root)]),
        ("bad durability", 2, good + ["--durability", "some", str(root)]),
        ("bad size", 2, good + ["--max-upload", "much", str(root)]),
        ("certificate without key", 2, good + ["--tls-cert", str(file), str(root)]),
        ("option without value", 2, good + [str(root), "--heartbeat"]),
    )
    failures = []
    for name, wanted, arguments in cases:
        status, out, err = run_program("serve", *arguments)
        if status != wanted or out or len(err.strip().splitlines()) != 1 or not err.startswith("holdfast"):
            failures.append("%s: status %d (not %d), stdout %r, stderr %r" % (name, status, wanted, out, err))
    for arguments in ([], ["nonsense"], ["--nonsense"]):
        status, out, err = run_program(*arguments)
        if status != 2 or out or not err:
            failures.append("%s: status %d, stdout %r, stderr %r" % (arguments, status, out, err))
    if failures:
        fail("\n" + "\n".join(failures))
