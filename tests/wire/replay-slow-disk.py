#!/usr/bin/env python3
"""While a repeated request looks at a disk that takes its time, the beats of all others go on."""
from longops import *

CALL = 1000  # ms that each look at the disk takes: the repeated request needs several
WATCHERS = 8
MOVE = ("MOVE", "/slow/a", {"Destination": "/slow/b"})

with Held("--heartbeat", "0.1", "--diagnostics", slow="statx=%d,openat2=%d" % (CALL, CALL)) as s:
    s.write("slow/a", "x")
    with s.connect() as c:  # a result that nobody gets
        c.start(*MOVE)
        s.is_held()
        c.reset()
    s.open_gate()
    eventually(lambda: len(s.hows("MOVE", 1)) == 1 and s.path("slow/b").exists(), "the MOVE is done")
    s.shut_gate()
    watchers = [s.connect() for _ in range(WATCHERS)]
    for w in watchers:
        w.start("COPY", "/.holdfast/slow?for=%g&every=0.1&mode=interim" % (12 * CALL / 1000))
        same(w.response_head().status, 102, "the first beat")
    repeated = s.connect(timeout=60)

    def act(i):
        """The repeated request, or somebody who waits: when it began and ended, or when beats came."""
        if i == WATCHERS:
            began = time.monotonic()
            same(repeated.request(*MOVE).status, 201, "the repeated MOVE")
            return began, time.monotonic()
        w, beats = watchers[i], []
        while w.response_head().status == 102:
            beats.append(time.monotonic())
        return beats

    *beats, (began, ended) = parallel(WATCHERS + 1, act)
    same(s.hows("MOVE", 2), ["ran", "replayed"], "the MOVEs")
    for times in beats:
        meanwhile = [began] + [t for t in times if began < t < ended] + [ended]
        gap = max(after - before for before, after in zip(meanwhile, meanwhile[1:]))
        within(gap, 0, (ended - began) / 2, "the longest silence while the disk was looked at")
