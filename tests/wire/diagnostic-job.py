#!/usr/bin/env python3
"""The diagnostic operation is a job: its interims' Status-URI leads to its page, DELETE ends it, 202 works."""
from longops import *

with Server("--heartbeat", "30", "--diagnostics") as s:
    def page(uri, method="GET"):
        answer = s.request(method, uri)
        same(answer.status, 202 if method == "DELETE" else 200, "%s %s" % (method, uri))
        return json.loads(answer.body)

    for mode, status in (("interim", 503), ("silent", 503), ("multistatus", 207)):
        with s.connect() as c:
            c.start("GET", "/.holdfast/slow?for=600&every=0.1&mode=" + mode)
            if mode == "interim":
                interim = c.response_head()
                same(interim.status, 102)
                found = re.fullmatch(r"102 <https?://%s(/\.holdfast/jobs/[0-9a-f]+)>" % c.authority(),
                                     interim.get("status-uri"))
                uri = found[1]
            else:
                def is_listed():
                    running[:] = [job for job in page("/.holdfast/jobs")["jobs"] if "result" not in job]
                    return running
                running = []
                eventually(is_listed, "it is listed")
                uri = "/.holdfast/jobs/" + running[0]["id"]
            job = page(uri)
            same((job["method"], job["state"]), ("GET", "running"))
            same(job["source"], "/.holdfast/slow")
            page(uri, "DELETE")
            answer = c.response()
            same(answer.status, status, "the answer of one that was cancelled")
            if status == 207:
                same([code for code, _ in multistatus(answer).values()], [503], "inside")
    answer = s.request("GET", "/.holdfast/slow?for=600", {"Prefer": "respond-async, wait=0"})
    same(answer.status, 202)
    uri = answer.get("location")
    same(page(uri)["state"], "running")
    page(uri, "DELETE")
    eventually(lambda: page(uri)["state"] == "cancelled", "the accepted one is cancelled")
    # one that asks for something else is another
    first, second, again = [s.request("GET", "/.holdfast/slow?for=600&number=" + n,
                                      {"Prefer": "respond-async, wait=0"}).get("location") for n in "122"]
    same(first == second, False, "another job")
    same(second, again, "the same request joins, so that a proxy's repeats can be probed")
    for uri in (first, second):
        page(uri, "DELETE")
