#!/usr/bin/env python3
"""Browsers: nothing is guessed, no page of ours is framed, and what somebody has put into the folder is no page of this site."""
from holdfast import *

# name -> what it is: active content, a script, or neither
FILES = {"page.html": "active", "PAGE.HTM": "active", "x.xhtml": "active", "x.svg": "active", "x.xml": "active",
         "x.xsl": "active", "mail.eml": "active", "feed.rss": "active", "x.js": "script", "x.css": None, "x.txt": None,
         "x.png": None, "x.pdf": None, "x.json": None, "x.bin": None, "x.zip": None, "x.docx": None, "noname": None}


def look(s, active, header, wanted):
    for name, kind in FILES.items():
        s.write(name, "0123456789")
        for method, headers, status in (("GET", {}, 200), ("HEAD", {}, 200), ("GET", {"Range": "bytes=1-2"}, 206),
                                        ("GET", {"Range": "bytes=0-0,4-4"}, 206)):
            answer = s.request(method, "/" + name, headers)
            what = "%s %s %r with %s" % (method, name, headers, active)
            same(answer.status, status, what)
            same(answer.all("x-content-type-options"), ["nosniff"], what)
            is_parts = "," in headers.get("Range", "")  # parts of anything
            same(answer.all(header), [wanted] if wanted and (kind == "active" or is_parts) else [], what)
            same(answer.get("x-frame-options"), None, what)
            if not is_parts:
                same(answer.get("cross-origin-resource-policy"), "same-origin" if kind == "script" else None, what)


with Server() as s:
    look(s, "nothing", "content-security-policy", "sandbox")
    # what is ours
    own = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    for target, status, accept, policy in (("/", 200, "*/*", own), ("/none", 404, "*/*", own),
                                           ("/.holdfast/jobs", 200, "text/html", None), ("/.holdfast/metrics", 200, "*/*", own)):
        for method in ("GET", "HEAD"):
            answer = s.request(method, target, {"Accept": accept})
            same(answer.status, status, target)
            same(answer.all("x-content-type-options"), ["nosniff"], target)
            found = answer.all("content-security-policy")
            same(len(found) == 1 and "frame-ancestors 'none'" in found[0] and "default-src 'none'" in found[0], True, found)
            same(policy in (None, found[0]), True, found)
            is_html = "html" in answer.get("content-type")
            same(answer.all("x-frame-options"), ["DENY"] if is_html else [], target)
            same(answer.all("referrer-policy"), ["same-origin"] if is_html else [], target)
    # what is for programs, or nothing
    same(s.request("PROPFIND", "/", {"Depth": "0"}).all("x-content-type-options"), ["nosniff"])
    same(s.request("PUT", "/made", {}, b"x").get("x-content-type-options"), None)
    same(s.request("GET", "/page.html", {"If-None-Match": s.request("GET", "/page.html").get("etag")}).status, 304)

with Server("--heartbeat", "0.05", "--heartbeat-mode", "multistatus", slow="renameat2=300", match="slow") as s:
    s.write("slow", "x")
    early = s.request("MOVE", "/slow", {"Destination": "/moved"})
    same((early.status, early.all("x-content-type-options")), (207, ["nosniff"]), "a 207 that begins early")

with Server("--active-content", "download") as s:
    look(s, "download", "content-disposition", "attachment")
    same(s.request("GET", "/page.html").get("content-security-policy"), None)
with Server("--active-content", "trust") as s:
    look(s, "trust", "content-security-policy", None)
    same(s.request("GET", "/page.html").get("content-disposition"), None)
same(run_program("serve", "--active-content", "maybe", "/tmp")[0], 2)
