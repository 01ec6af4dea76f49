#!/usr/bin/env python3
"""Operations of two shares: one list for their owner, with the URLs of each; the same paths are never the same
operation; and what was accepted in either is there again after a kill."""
from longops import *

with Held("--heartbeat", "30", "--job-retention", "600", shares={"one": "", "two": "prefix = /deep/two"}) as s:
    for share in ("one", "two"):
        s.write(share + "/slow/" + share, share)
        s.write(share + "/slow2/" + share, share)
    jobs = {share: s.accepted("MOVE", prefix + "/slow", {"Destination": prefix + "/slow-there"})
            for share, prefix in (("one", "/one"), ("two", "/deep/two"))}
    s.is_held()
    same(len(set(jobs.values())), 2, "neither joins the other")
    same(s.accepted("MOVE", "/deep/two/slow", {"Destination": "/deep/two/slow-there"}), jobs["two"], "its own does")
    same(sorted((job["source"].rstrip("/"), job["destination"].rstrip("/")) for job in s.jobs()),
         [("/deep/two/slow", "/deep/two/slow-there"), ("/one/slow", "/one/slow-there")])

    # Not done yet when the server dies: they are done afterwards, each in its share.
    s.kill()
    same((s.path("one/slow").exists(), s.path("two/slow").exists()), (True, True))
    s.open_gate()
    s.start()
    for share, prefix in (("one", "/one"), ("two", "/deep/two")):
        ended = s.ended(jobs[share])
        same((ended["result"]["status"], ended["destination"].rstrip("/")), (201, prefix + "/slow-there"))
        same(ended["result"]["location"].rstrip("/"), prefix + "/slow-there")
        same(tree(s.path(share + "/slow-there")), {share: share.encode()})

    # Done already: the results are kept, in the state of their share.
    s.kill()
    s.start()
    same({job["id"] for job in s.jobs()}, {uri.split("/")[-1] for uri in jobs.values()})
    for share, prefix in (("one", "/one"), ("two", "/deep/two")):
        same(s.ended(jobs[share])["source"].rstrip("/"), prefix + "/slow")
        database = b"".join(path.read_bytes() for path in (s.state / share).iterdir())
        same([uri.split("/")[-1].encode() in database for uri in jobs.values()], [share == "one", share == "two"])

    # A name for one operation is one for all shares; a change in one share does not touch the other's results.
    key = {"Idempotency-Key": "k1", "Destination": "/one/kept"}
    same(s.request("COPY", "/one/slow-there", key).status, 201)
    same(s.request("COPY", "/one/slow-there", key).status, 201, "replayed")
    key["Destination"] = "/deep/two/kept"
    same(s.request("COPY", "/deep/two/slow-there", key).status, 422, "it is another request")
    s.shut_gate()
    with s.connect() as c:
        c.start("COPY", "/one/slow2", {"Destination": "/one/slow-copy"})
        s.is_held()
    s.open_gate()
    eventually(s.path("one/slow-copy").exists, "it is done without its client")
    eventually(lambda: s.log().count("COPY /one/slow2\"") == 1, "and logged")
    same(s.request("DELETE", "/deep/two/slow2").status, 204)
    same(s.request("COPY", "/one/slow2", {"Destination": "/one/slow-copy"}).status, 201, "the result of the first")
    same(s.hows("COPY", 4)[-1:], ["replayed"])
