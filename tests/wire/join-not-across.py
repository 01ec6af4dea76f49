#!/usr/bin/env python3
"""PUT, DELETE, PUT of one file, each given up before its answer: the last PUT counts. It must not join the first, which
the DELETE follows; and a COPY is joined although its source is written to meanwhile."""
from holdfast import *

with Server("--heartbeat", "30", slow="renameat2=900,linkat=900,unlinkat=900,copy_file_range=300,ficlone=300,sendfile=300,read=300",
            match="slow") as s:
    s.write("slow.txt", "old")
    for method, body in (("PUT", "new"), ("DELETE", None)):
        s.mark.unlink(missing_ok=True)
        c = s.connect()
        c.start(method, "/slow.txt", {}, body)
        if method == "PUT":
            eventually(s.mark.exists, "the PUT is being published")
        else:
            time.sleep(0.2)
        c.close()
    same(s.request("PUT", "/slow.txt", {}, "new").status, (201, 204), "the last PUT")
    same(s.read("slow.txt"), b"new", "what is there when it is answered")
    eventually(lambda: s.log().count("/slow.txt") == 3, "all are logged")
    time.sleep(1)
    same(s.read("slow.txt"), b"new", "and afterwards")
    same(s.log().count("how=ran"), 3, "each ran")

    for i in range(8):
        s.write("slow/f%d" % i, "x")
    s.mark.unlink(missing_ok=True)
    first = s.connect()
    first.start("COPY", "/slow", {"Destination": "/copy"})
    eventually(s.mark.exists, "the COPY has begun")
    same(s.request("PUT", "/slow/more", {}, "y").status, 201)
    same(s.request("COPY", "/slow", {"Destination": "/copy"}).status, 201)
    same(first.response("COPY").status, 201)
    eventually(lambda: any("COPY" in line and "how=joined" in line for line in s.log().splitlines()), "one has joined")
