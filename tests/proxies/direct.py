#!/usr/bin/env python3
"""The probe without any proxy: what it tells, and its exit status, for every way to call it."""
import json

from cases import *


def run(*arguments):
    return run_program("probe", *arguments, seconds=60)


def first_code(*arguments):
    status, out, _ = run("--json", *arguments)
    report = json.loads(out)
    same(report["trials"][1:] if not report["reached"] else [], [], "trials of what was not reached")
    return status, report["findings"][0]["code"]


# wrong usage
for arguments in ((), ("a", "b"), ("ftp://127.0.0.1/",), ("--total", "x", "http://127.0.0.1/"), ("--every", "0", "http://127.0.0.1/"),
                  ("--no-such",), ("--user", "", "http://127.0.0.1/"), ("http://",), ("http://127.0.0.1/" + "a" * 2000,)):
    same(run(*arguments)[0], 2, "status for %r" % (arguments,))
same(run("--help")[0], 0, "status of --help")

# nobody there; somebody else there
same(first_code("http://127.0.0.1:%d/" % proxies.free_port()), (1, "unreachable"))
with Server() as s:
    same(first_code(s.url), (1, "no-diagnostics"))
    assert "--diagnostics" in run(s.url)[1], "the remedy is not told"

# a server that asks who it is, over TLS
with Server("--diagnostics", tls=True, users={"ann": "s3cret"}) as s:
    same(first_code(s.url), (1, "unreachable"), "an unknown certificate")
    same(first_code("--insecure", s.url), (1, "refused"))
    with_user = s.url.replace("//", "//ann:s3cret@")
    status, out, err = run("--insecure", with_user)
    same(status, 0, "fit, over TLS")
    assert "s3cret" not in out + err, "the password is told"
    same(run("--insecure", "--user", "ann:s3cret", "--json", s.url)[0], 0)

# the settings of the server decide, for the client that is named
with Server("--diagnostics", "--client", "mine/*=silent", "--heartbeat", "0.2") as s:
    status, out, _ = run("--json", s.url)
    report = json.loads(out)
    same((status, report["findings"], report["interim_limit"]), (0, [], None), "straight")
    auto = [t for t in report["trials"] if t["asked"]["mode"] == "auto"]
    assert auto and all(t["came"]["interims"] > 20 for t in auto), auto
    same(first_code("--agent", "mine/1", s.url), (0, "silent"))
