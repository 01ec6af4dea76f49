#!/usr/bin/env python3
"""What was accepted and not yet done when the server was killed is done for those who are still users, and for no others."""
from longops import *

with Held("--heartbeat", "30", users={"ann": "secret", "bob": "secret"}) as s:
    ann, bob = s.credentials["ann"], s.credentials["bob"]
    jobs = []
    for name, who in (("ann", ann), ("bob", bob)):
        s.write("slow-" + name, name)
        to = "http://%s:hunter2@127.0.0.1:%d/moved-%s" % (name, s.port, name)
        jobs.append(s.accepted("MOVE", "/slow-" + name, {"Destination": to, **who}))
    eventually(lambda: {s.job(jobs[0], ann)["state"], s.job(jobs[1], bob)["state"]} == {"running"}, "both run")
    database = b"".join(path.read_bytes() for path in s.state.iterdir() if path.is_file())
    same(b"hunter2" in database, False, "no credentials in the state")
    s.kill()
    users = s.users_file()
    lines = users.read_text().splitlines(keepends=True)
    users.write_text("".join(line for line in lines if not line.startswith("ann:")))
    del s.users["ann"]
    s.open_gate()
    s.start()
    same(s.ended(jobs[1], bob)["result"]["status"], 201, "bob's is done")
    same(s.request("GET", jobs[0], bob).status, 404, "ann's is not for bob")
    s.stop()
    same((s.path("slow-ann").exists(), s.path("moved-ann").exists()), (True, False), "ann's is not done")
