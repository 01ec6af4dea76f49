#!/usr/bin/env python3
"""SIGHUP reads rules and groups again: none of a stream of requests fails, and what is unsound changes nothing."""
from base64 import b64encode

from holdfast import *

ANN = {"Authorization": "Basic " + b64encode(b"ann:a").decode()}


def status(s, target):
    return s.request("GET", target, ANN).status


with temporary() as t:
    config, groups = t / "holdfast.conf", t / "groups"

    def write(rules, members):
        groups.write_text("staff: %s\n" % members)
        config.write_text("groups = groups\n" + "".join("access = %s\n" % rule for rule in rules))

    write(["/ * read", "/a @staff none"], "bob")
    with Server("--config", str(config), users={"ann": "a"}) as s:
        s.write("a/f", "x")
        s.write("b/f", "x")
        same((status(s, "/a/f"), status(s, "/b/f")), (200, 200))

        def reload(rules, members, wanted, what):
            write(rules, members)
            s.process.send_signal(signal.SIGHUP)
            eventually(lambda: status(s, "/a/f") == wanted, what)
            same(status(s, "/b/f"), 200)

        reload(["/ * read", "/a @staff none"], "bob ann", 404, "ann came to the group")
        reload(["/ * read", "/a @staff read"], "bob ann", 200, "the group may read")
        reload(["/ * read", "/a ** none"], "bob", 404, "nobody may read")
        for rules, members, told in ((["/ * read", "/a @nobody read"], "ann", "there is no group nobody"),
                                     (["/ * read", "/a read"], "ann", "bad value /a read"),
                                     (["/ * read", "/ * none"], "ann", "another rule says otherwise"),
                                     (["/ * read", "/a * read"], "ann\nann", "not a GROUP: USER... line")):
            write(rules, members)
            s.process.send_signal(signal.SIGHUP)
            eventually(lambda: told in s.log(), told)
            same(status(s, "/a/f"), 404, told)

        # Options and the rules that belong to them come together or not at all.
        write(["/b ** read", "/a @nobody read"], "ann")
        config.write_text("anonymous = read\n" + config.read_text())
        s.process.send_signal(signal.SIGHUP)
        eventually(lambda: "no group nobody in %s; everything stays as it was" % groups in s.log(), "it is told")
        same([s.request("GET", "/%s/f" % name).status for name in "ab"], [401, 401], "without a name")
        same((status(s, "/a/f"), status(s, "/b/f")), (404, 200))

        stop, bad = threading.Event(), []

        def hammer():
            with s.connect() as c:
                while not stop.is_set():
                    answer = c.request("GET", "/b/f", ANN)
                    if answer.status != 200:
                        bad.append(answer)

        hammers = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in hammers:
            thread.start()
        for i in range(10):
            reload(["/ * read", "/a ** %s" % ("read" if i % 2 == 0 else "none")], "bob", 200 if i % 2 == 0 else 404, "change")
        stop.set()
        for thread in hammers:
            thread.join()
        same(bad, [])

for rules, told in ((["/a read"], "--access: bad value /a read; it takes PATH WHO RIGHT"),
                    (["/ @staff read"], "there is no group staff; --groups is missing"),
                    (["/ a read", "/ a write"], "another rule says otherwise")):
    with temporary() as t:
        (t / "root").mkdir()
        arguments = [a for rule in rules for a in ("--access", rule)]
        code, out, err = run_program("serve", "--state", str(t / "state"), "--listen", "127.0.0.1:0", *arguments, str(t / "root"))
        same((code in (1, 2), told in err, len(err.splitlines())), (True, True, 1), err)
