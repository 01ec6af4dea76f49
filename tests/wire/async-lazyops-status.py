#!/usr/bin/env python3
"""OC-JobStatus-Location, polled: started, then finished or error, as ownCloud's clients read it."""
from longops import *

LAZY = {"OC-LazyOps": "true"}

with Held("--heartbeat", "30") as s:
    for late_conflict in (False, True):
        s.shut_gate()
        s.write("slow/a", "x")
        answer = s.request("MOVE", "/slow", {"Destination": "/moved", "Overwrite": "F", **LAZY})
        same(answer.status, 202)
        where = answer.get("oc-jobstatus-location")
        within(s.job(where)["status"], "init", "started", "status while it runs")
        s.is_held()
        if late_conflict:
            s.path("moved").mkdir()
        s.open_gate()
        found = []
        eventually(lambda: found.append(s.job(where)) or found[-1]["status"] not in ("init", "started"), "its end")
        if late_conflict:
            same(found[-1]["status"], "error")
            same(found[-1]["errorCode"], 412)
            same(bool(found[-1]["errorMessage"]), True, "errorMessage")
        else:
            same(found[-1]["status"], "finished")
            shutil.rmtree(s.path("moved"))
    s.shut_gate()
    answer = s.request("PUT", "/slow.txt", LAZY, "content")  # what ownCloud uses it for: the end of an upload
    same(answer.status, 202)
    s.open_gate()
    found = []
    eventually(lambda: found.append(s.job(answer.get("oc-jobstatus-location"))) or
               found[-1]["status"] == "finished", "the end of the PUT")
    same(found[-1].get("ETag"), s.request("HEAD", "/slow.txt").get("etag"), "ETag")
