#!/usr/bin/env python3
"""A start that fails does not wait for the operations that it has taken up again; the next one has them."""
import socket

from longops import *

with Held("--heartbeat", "30", "--grace", "60") as s:
    s.write("slow/a", "x")
    job = s.accepted("COPY", "/slow", {"Destination": "/slow-to"})
    s.is_held()
    s.kill()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for gate in (False, True):  # the operation does not end, or does when it is told to
            if gate:
                s.slow = "copy_file_range=10000,read=10000,getdents64=50"
                s.gate = None
            s.mark.unlink(missing_ok=True)
            arguments = program() + s.arguments() + ["--listen", "127.0.0.1:%d" % taken.getsockname()[1]]
            begun = time.monotonic()
            done = subprocess.run(arguments, env=s.environment(), capture_output=True, text=True, timeout=40 * PATIENCE)
            same(done.returncode, 1, "exit status")
            same("127.0.0.1" in done.stderr, True, done.stderr)
            within(time.monotonic() - begun, 0, 20 * PATIENCE, "seconds")
    s.slow = s.gate = None
    s.start()
    same(s.ended(job)["result"]["status"], 201)
