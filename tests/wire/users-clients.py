#!/usr/bin/env python3
"""How Windows and Finder begin: OPTIONS is asked for a password on a connection that stays; no secret is ever logged."""
from base64 import b64encode

from holdfast import *

AUTHORIZATION = "Basic " + b64encode(b"ann:swordfish-4711").decode()
WINDOWS = ("DavClnt", "Microsoft-WebDAV-MiniRedir/10.0.19043")
FINDER = ("WebDAVFS/3.0.0 (03008000) Darwin/20.6.0 (x86_64)", "WebDAVLib/1.3")

for options in ((), ("--anonymous", "read")):
    with Server(*options, "--log-level", "debug", users={"ann": "swordfish-4711"}) as s:
        s.write("a", "x")
        for agent in WINDOWS + FINDER:
            with s.connect() as c:
                first = c.request("OPTIONS", "/", {"User-Agent": agent})
                if not options:
                    same(first.status, 401, agent)
                    same(first.get("www-authenticate"), 'Basic realm="Holdfast", charset="UTF-8"')
                    same(first.get("location"), None, "a redirect would end it")
                headers = {"User-Agent": agent, "Authorization": AUTHORIZATION}
                answer = c.request("OPTIONS", "/", headers)
                same(answer.status, 200)
                same(re.split(r",\s*", answer.get("dav"))[:2], ["1", "2"])
                same(answer.get("ms-author-via"), "DAV")
                same("LOCK" in answer.get("allow"), True)
                same(c.request("PROPFIND", "/", {**headers, "Depth": "0"}).status, 207)
                # Without credentials for once, with a body whose length is not told: asked again, nothing is lost.
                same(c.request("PUT", "/new", {"User-Agent": agent}, b"y" * 100000, chunked=True).status, 401)
                same(c.request("PUT", "/new", headers, b"y" * 100000, chunked=True).status, (201, 204))
        # Secrets in all the places where they might be.
        host = "%s:%d" % (s.host, s.port)
        s.request("GET", "http://ann:swordfish-4711@%s/a" % host, {"Host": host})
        s.request("COPY", "/a", {"Authorization": AUTHORIZATION, "Destination": "http://ann:swordfish-4711@%s/b" % host})
        s.request("GET", "/a", {"Authorization": "Bearer swordfish-4711"})
        s.request("GET", "/a", {"Authorization": "swordfish-4711"})
        s.request("GET", "/a", {"Authorization": "Digest username=\"ann\", response=\"swordfish-4711\""})
        s.request("GET", "/a", {"Proxy-Authorization": AUTHORIZATION, "Cookie": "swordfish-4711"})
        s.request("GET", "/a", {"Authorization": "Basic " + b64encode(b"swordfish-4711:").decode()})
        with s.connect() as c:  # a head that does not make sense
            c.send("GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n broken\r\n\r\n" % AUTHORIZATION)
            c.response()
        for secret in ("swordfish", AUTHORIZATION.split()[1], b64encode(b"swordfish-4711:").decode()):
            same([line for line in s.log().splitlines() if secret in line], [], "in the log")
