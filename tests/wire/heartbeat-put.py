#!/usr/bin/env python3
"""A PUT whose publication is slow sends 102s, then 201; the connection stays alive."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="fsync=700,fdatasync=700,linkat=700,renameat2=700") as s:
    with s.connect() as c:
        answer = c.request("PUT", "/a.txt", {}, "hello")
        same(answer.status, 201)
        within(len(answer.interims), 3, 60, "102s")
        again = c.request("PUT", "/a.txt", {}, "hello again")
        same(again.status, 204)
        within(len(again.interims), 3, 60, "102s when it is replaced")
        same(c.request("GET", "/a.txt").body, b"hello again")
