#!/usr/bin/env python3
"""Without rights: an unreadable folder or an unwritable state folder is one line and exit 1."""
from holdfast import *

if os.getuid() != 0:
    skip("needs root, to become somebody else")
path = program()[-1]
if subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path, "--version"],
                  capture_output=True).returncode:
    skip("nobody may not run %s" % path)
with temporary() as t:
    t.chmod(0o755)
    for name, mode in (("open", 0o777), ("closed", 0o700), ("readonly", 0o755)):
        (t / name).mkdir()
        (t / name).chmod(mode)

    def serve(root, state):
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + program() +
                              ["serve", "--listen", "127.0.0.1:0", "--state", str(state), str(root)],
                              capture_output=True, text=True, timeout=20)
        same(done.returncode, 1, "status")
        same(len(done.stderr.strip().splitlines()), 1, done.stderr)

    serve(t / "closed", t / "open" / "state")
    serve(t / "open", t / "readonly" / "state")
    serve(t / "open", t / "closed")
