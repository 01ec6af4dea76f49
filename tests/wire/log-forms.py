#!/usr/bin/env python3
"""--log-format: text, Apache's Combined Log Format to the letter, or JSON; a line each whatever the request, and no secrets."""
import json

from holdfast import *

# httpd's own, as tools that read it take it apart
COMBINED = re.compile(r'^(\S+) (\S+) (\S+) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
                      r'"((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$')
EVIL = {"User-Agent": 'evil" 200 "a\x1b[2J\x7f\udcff', "Referer": 'http://ann:hidden1@h/"\\x'}


def provoke(s):
    """Requests whose lines are hard to write: their lines."""
    s.write("plain.txt", "12345")
    before = len(s.log().splitlines())
    requests = [("GET", "/plain.txt", {"User-Agent": "one/1.0", "Referer": "http://h/r"}),
                ("GET", "/none%0Ax\x1b\udcfe\"", EVIL),
                ("GET", "http://ann:hidden2@%s:%d/plain.txt?a=b" % (s.host, s.port), {"Authorization": "Basic hidden4"}),
                ("GET", "/.holdfast/jobs?token=hidden3"),
                ("DELETE", "/none/" + "long" * 700),
                ("MKCOL", "/made")]
    for i, request in enumerate(requests):
        s.request(*request, proto="HTTP/1.0" if request[0] == "DELETE" else "HTTP/1.1")
        eventually(lambda: len(s.log().splitlines()) == before + i + 1, "one line each")
    same(re.findall("hidden.", s.log()), [], "no secret is logged")
    same(re.findall(r"[^\x20-\x7e\n]", s.log()), [], "nothing but visible ASCII")
    return s.log().splitlines()[before:]


with Server() as s:
    lines = provoke(s)
    same(' "GET /plain.txt" 200 5 ' in lines[0] and lines[0].endswith('ms "one/1.0"'), True, lines[0])
    same('\\x22 200 \\x22a\\x1b[2J' in lines[1], True, lines[1])
    same('"GET http://%s:%d/plain.txt?a=b"' % (s.host, s.port) in lines[2], True, lines[2])
    same('"GET /.holdfast/jobs" 200' in lines[3], True, lines[3])

with Server("--log-format", "combined", users={"ann b": "pw"}) as s:
    found = [COMBINED.match(line) for line in provoke(s)]
    same(all(found), True, "the form: %s" % s.log())
    first = found[0].groups()
    same(first[:3] + first[4:], ("127.0.0.1", "-", "-", "GET /plain.txt HTTP/1.1", "401", first[6], "http://h/r", "one/1.0"))
    same(abs(time.mktime(time.strptime(first[3], "%d/%b/%Y:%H:%M:%S +0000")) - time.mktime(time.gmtime())) < 60, True, first[3])
    same(found[4][5].endswith("long HTTP/1.0"), False, "cut")
    same(found[4][5].endswith(" HTTP/1.0"), True, found[4][5])
    s.request("GET", "/plain.txt", {"Authorization": "Basic YW5uIGI6cHc="})
    s.request("MKCOL", "/c", {"Authorization": "Basic YW5uIGI6cHc="})
    eventually(lambda: "/c HTTP/1.1" in s.log(), "that too")
    get, mkcol = [COMBINED.match(line) for line in s.log().splitlines()[-2:]]
    same(get.groups()[2:3] + get.groups()[5:7], ("ann\\x20b", "200", "5"))
    same(mkcol.groups()[5:8], ("201", "-", "-"))

with Server("--log-format", "json", "--heartbeat", "0.1", "--on-disconnect", "finish", slow="renameat2=400", match="slow") as s:
    s.write("slow", "x")
    s.request("MOVE", "/slow", {"Destination": "/moved"})
    eventually(lambda: '"MOVE"' in s.log(), "its line")
    lines = [json.loads(line) for line in provoke(s)]
    same({k: v for k, v in lines[0].items() if k not in ("time", "ms")},
         {"client": "127.0.0.1", "method": "GET", "target": "/plain.txt", "protocol": "HTTP/1.1", "status": 200,
          "bytes": 5, "referer": "http://h/r", "agent": "one/1.0"})
    same(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", lines[0]["time"]) is not None, True, lines[0])
    same(lines[1]["agent"], 'evil\\x22 200 \\x22a\\x1b[2J\\x7f\\xff', "no UTF-8 is escaped as in the other forms")
    same(lines[1]["referer"], 'http://h/"\\x')
    same(lines[4]["protocol"], "HTTP/1.0")
    everything = [json.loads(line) for line in s.log().splitlines()]
    move = [line for line in everything if line.get("method") == "MOVE"][0]
    same((move["how"], move["status"], move["rule"]), ("ran", 201, "default"))
    within(move["interims"], 1, 20, "interims")
    within(move["ms"], 400, 60000, "ms")
    s.process.send_signal(signal.SIGHUP)
    said = lambda: [json.loads(line) for line in s.log().splitlines() if '"message"' in line]
    eventually(said, "messages are objects as well")
    same(sorted(said()[0]), ["level", "message", "time"])
