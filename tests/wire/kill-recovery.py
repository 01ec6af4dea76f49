#!/usr/bin/env python3
"""kill -9 during recovery, again and again: it serves at once, purges beside that, and ends what it began."""
from holdfast import *

with Server(slow="unlinkat=0", match="/root", gate=True) as s:
    for name in ("d", "deep/er/e"):
        write_tree(s.path(name), 5, 20)
        same(s.request("DELETE", "/" + name).status, 204)
    write_tree(s.path("kept"), 2, 3)
    kept = tree(s.path("kept"))
    eventually(s.mark.exists, "the purge behind the answers")
    s.kill()
    left = sorted(strays(s.root))
    for turn in range(5):  # the gate is shut: nothing can be removed
        s.start()
        eventually(s.mark.exists, "the purge beside the service")
        same(s.request("PROPFIND", "/kept/", {"Depth": "1"}).status, 207, "it serves meanwhile")
        same(s.request("PUT", "/deep/er/new", {}, "new").status, (201, 204))
        same(sorted(strays(s.root)), left, "turn %d" % turn)
        s.kill()

    s.gate, s.slow = None, "unlinkat=2"
    for turn in range(20):  # now some of it each time
        s.start()
        eventually(lambda: s.mark.exists() or not strays(s.root), "the purge goes on")
        time.sleep(0.002 * turn)
        s.kill()
    s.start()
    eventually(lambda: not strays(s.root), "the purge has ended")
    same(s.read("deep/er/new"), b"new")
    same(tree(s.path("kept")), kept)

    # an orderly stop does not wait for it, and the next start goes on
    s.kill()
    s.slow, s.gate = "unlinkat=0", s.temp / "gate"
    s.start()
    write_tree(s.path("d"), 5, 20)
    same(s.request("DELETE", "/d").status, 204)
    eventually(s.mark.exists, "the purge")
    s.kill()
    s.gate, s.slow = None, "unlinkat=100"
    s.start()
    eventually(s.mark.exists, "the purge beside the service")
    s.stop(10)
    same(len(strays(s.root)) > 0, True, "something is left")

    # nor for a disk that does not answer: that is left behind after five seconds
    s.gate, s.slow = s.temp / "gate", "unlinkat=0"
    s.mark.unlink(missing_ok=True)
    s.start()
    eventually(s.mark.exists, "the purge waits for the disk")
    s.process.send_signal(signal.SIGTERM)
    same(s.wait(15), 1, "exit status")
    s.gate = s.slow = None
    s.start()
    eventually(lambda: not strays(s.root), "the rest is purged")
