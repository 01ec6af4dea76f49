#!/usr/bin/env python3
"""/.holdfast/metrics: the format is kept to the letter, and what happens is counted: once, and under its name."""
from holdfast import *
from holdfast import TOP
from metricslib import *

with Server("--heartbeat", "0.1", slow="renameat2=500", match="slow") as s:
    s.write("file", "x" * 1000)
    s.write("slow1", "x")
    s.write("slow2", "x")
    before = scrape(s)
    told = (TOP / "docs" / "operating.md").read_text()
    same(sorted({name for name, _ in before if name.startswith("holdfast_")
                 and not re.sub("_(bucket|sum|count)$", "", name) in told}), [], "metrics that operating.md does not tell of")
    same(value(before, "holdfast_build_info", version=re.search(r"[\d.]+", run_program("--version")[1])[0]), 1)
    within(value(before, "process_resident_memory_bytes"), 1e6, 1e9, "memory")
    within(value(before, "process_resident_memory_bytes") / 1024, s.memory_kib() * .5, s.memory_kib() * 2, "memory")
    within(value(before, "process_start_time_seconds"), time.time() - 600, time.time(), "start")
    within(value(before, "holdfast_uptime_seconds"), 0, 600, "uptime")
    within(value(before, "process_threads"), 5, 200, "threads")

    def grown(samples, name, **labels):
        return value(samples, name, **labels) - value(before, name, **labels)

    with s.connect() as c:
        for _ in range(3):
            same(c.request("GET", "/file").status, 200)
        same(c.request("GET", "/none").status, 404)
        same(c.request("PUT", "/new", {}, b"y" * 5000).status, 201)
        same(c.request("BREW", "/pot").status, (405, 501))
        same(c.request("HEAD", "/file").status, 200)
    same(s.request("MOVE", "/slow1", {"Destination": "/slow3"}).status, 201)
    lock(s, "/file")

    def twice(i):
        return s.request("MOVE", "/slow2", {"Destination": "/slow4"}).status

    same(parallel(2, twice), [201, 201])
    # an answer is counted when it is out: the client may be quicker
    eventually(lambda: grown(scrape(s), "holdfast_requests_total", method="MOVE", status="201") == 3, "all are counted")
    now = scrape(s)
    for count, method, status in ((1, "GET", "404"), (1, "PUT", "201"), (1, "HEAD", "200")):
        same(grown(now, "holdfast_requests_total", method=method, status=status), count, "%s %s" % (method, status))
    same(grown(now, "holdfast_requests_total", method="GET", status="200") >= 3, True, "these, and the scrapes")
    same(sum(v for (n, l), v in now.items() if n == "holdfast_requests_total" and dict(l)["method"] == "other"), 1)
    known = s.request("OPTIONS", "*").get("allow").split(", ")
    same(len(known) > 10, True, known)
    for method in known:
        s.request(method, "/none/at/all")
    eventually(lambda: {dict(l)["method"] for n, l in scrape(s) if n == "holdfast_requests_total"} >= {*known}, "each by its name")
    same("BREW" in str(now), False, "a client cannot invent labels")
    moves = {le: grown(now, "holdfast_request_duration_seconds_bucket", method="MOVE", le=le) for le in ("0.1", "0.5", "60", "+Inf")}
    same((moves["0.1"], moves["60"], moves["+Inf"]), (0, 3, 3), "durations")
    within(grown(now, "holdfast_request_duration_seconds_sum", method="MOVE"), 1.4, 60, "seconds in all")
    within(grown(now, "holdfast_received_bytes_total"), 5000, 5500, "bytes received")
    same(grown(now, "holdfast_sent_bytes_total") > 3000, True, "bytes sent")
    within(grown(now, "holdfast_beats_sent_total", kind="interim"), 4, 60, "102s")
    same(grown(now, "holdfast_joins_total"), 1, "joined")
    same(grown(now, "holdfast_jobs_total") >= 3, True, "operations")
    same(value(now, "holdfast_locks"), 1, "locks")
    same(value(now, "holdfast_requests_running"), 1, "this one")
    within(value(now, "holdfast_connections"), 1, 10, "connections")

    # what runs, and what is kept of it
    accepted = s.request("COPY", "/slow3", {"Destination": "/slow5", "Prefer": "respond-async, wait=0"})
    same(accepted.status, 202)
    now = scrape(s)
    same(grown(now, "holdfast_accepted_total"), 1, "202")
    same(value(now, "holdfast_jobs", state="running"), 1, "it runs")
    eventually(lambda: value(scrape(s), "holdfast_jobs", state="running") == 0, "it has ended")
    same(value(scrape(s), "holdfast_jobs", state="kept") >= 1, True, "its result is kept")

    # the connection breaks before the answer
    with s.connect() as c:
        c.send(c.head("PUT", "/broken", {"Content-Length": "1000", "Expect": "100-continue"}))
        same(c.response_head().status, 100)
        c.reset()
    eventually(lambda: value(scrape(s), "holdfast_requests_total", method="PUT", status="none") == 1, "it has no status")
    later = scrape(s)
    same(value(later, "holdfast_broken_answers_total") >= 1, True, "broken")
    same([key for key in now if key[0].endswith(("_total", "_count", "_bucket")) and later[key] < now[key]], [], "they only grow")

with Server("--max-upload", "10", "--max-url", "100") as s:
    before = value(scrape(s), "holdfast_log_messages_total", level="warning")
    same(s.request("PUT", "/file", {}, b"x" * 11).status, 413)
    same(s.request("GET", "/" + "x" * 200).status, 414)
    same(s.request("GET", "/" + "x" * 200).status, 414)
    eventually(lambda: value(scrape(s), "holdfast_limit_hits_total", limit="max-url") == 2, "each is counted")
    same(value(scrape(s), "holdfast_limit_hits_total", limit="max-upload"), 1)
    same(value(scrape(s), "holdfast_limit_hits_total", limit="max-xml"), 0)
    same(value(scrape(s), "holdfast_log_messages_total", level="warning") - before, 2, "a line for each limit")

with Server(users={"ann": "pw"}) as s:
    same(value(scrape(s), "holdfast_login_failures_total"), 0)
    same(s.request("GET", "/", {"Authorization": "Basic YW5uOm5vdA=="}).status, 401)
    same(value(scrape(s), "holdfast_login_failures_total"), 1)
    same(s.request("GET", "/").status, 401)
    same(value(scrape(s), "holdfast_login_failures_total"), 1, "who says no name has not failed")
