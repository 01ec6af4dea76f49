#!/usr/bin/env python3
"""The ends of lines, in all the forms that they can be sent in, in everything that a client says and that may be said again
in the head of an answer: target, names, destinations, tokens, owners, properties, hosts, origins. No answer gets a header
by it, and none is split in two."""
from attack import *

END, HEADER = "X-Injected", "X-Injected: yes"
RAW = ["\r", "\x0b", "\x0c", "\x00", "\x85", "\u2028", "\u560d\u560a", "\n\t", "\r\n "]
ENCODED = ["%0d%0a", "%0D%0A", "%0a", "%0d", "%00", "%0d%0a%20", "%250d%250a", "%c0%8d%c0%8a", "%e5%98%8d%e5%98%8a", "%e2%80%a8", "%u000d%u000a",
           "\\r\\n", "%5cr%5cn", "&#13;&#10;", "%85"]
XML = ["&#13;&#10;", "&#xd;&#xa;", "&#10;", "&#13;", "\r\n", "\n", "<![CDATA[\r\n]]>", "&#x2028;", "&#x85;"]
# Where the raw ones go: one header each of a request that makes much of it.
HEADERS = ("Destination", "Host", "Origin", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "User-Agent", "Prefer",
           "Idempotency-Key", "Lock-Token", "If", "If-Match", "If-None-Match", "Range", "Depth", "Timeout", "Overwrite", "Content-Type",
           "Content-Language", "OC-Checksum", "Content-Digest", "Repr-Digest", "X-OC-Mtime", "Accept", "Accept-Language", "Authorization",
           "Access-Control-Request-Method", "Access-Control-Request-Headers", "Referer", "Cookie", "Expect", "Want-Repr-Digest")
PLAUSIBLE = {"Destination": "/to%d", "Host": "a", "Origin": "http://a", "X-Forwarded-Host": "a", "X-Forwarded-Proto": "https",
             "Prefer": "respond-async", "Lock-Token": "<urn:x>", "If": "(<urn:x>)", "If-Match": '"x"', "If-None-Match": '"x"', "Range": "bytes=0-1",
             "Depth": "1", "Timeout": "Second-1", "Overwrite": "T", "OC-Checksum": "MD5:", "Content-Type": "text/plain", "Accept": "text/html",
             "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "depth", "Authorization": "Basic eDp4"}
METHODS = ("OPTIONS", "GET", "PUT", "PROPFIND", "COPY", "MOVE", "LOCK", "UNLOCK", "MKCOL", "DELETE")


def requests():
    """Each with a target of its own."""
    number = 0
    for end in ENCODED:
        for method in METHODS:
            for target in ("/x%s%s" % (end, HEADER.replace(" ", "%20")), "/folder%s" % end, "/f?%s%s" % (end, HEADER.replace(" ", "%20"))):
                number += 1
                yield method, target, {"Destination": "/to%d" % number} if method in ("COPY", "MOVE") else {}, None
        for target in ("/to%s%s" % (end, HEADER), "http://a/to%s%s" % (end, HEADER), "http://a%s%s/to" % (end, HEADER)):
            yield "COPY", "/f", {"Destination": target}, None
        yield "GET", "/.holdfast/jobs/%s%s" % (end, HEADER.replace(" ", "%20")), {}, None
    for name in HEADERS:
        for end in RAW + ENCODED:
            for method in METHODS:
                number += 1
                value = (PLAUSIBLE.get(name, "x").replace("%d", str(number))) + end + HEADER
                headers = {name: value, **({"Destination": "/to%d" % number} if method in ("COPY", "MOVE") and name != "Destination" else {})}
                yield method, "/new%d" % number if method in ("PUT", "MKCOL", "LOCK") else "/f", headers, \
                    "x" if method == "PUT" else lock_body() if method == "LOCK" else None
    for end in XML:
        text = end + HEADER + end + end
        yield "LOCK", "/lock%d" % number, {}, lock_body(owner=text)
        for prop in ("<D:displayname>%s</D:displayname>", "<D:getcontenttype>%s</D:getcontenttype>", "<D:getetag>%s</D:getetag>",
                     "<D:getcontentlanguage>%s</D:getcontentlanguage>", '<x xmlns="u:">%s</x>', '<x xmlns="u:" a="%s"/>', '<x xmlns="%s"/>'):
            number += 1
            yield "PROPPATCH", "/f", {}, ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>%s</D:prop></D:set></D:propertyupdate>'
                                          % prop % text)
            for method in ("GET", "HEAD", "PROPFIND", "OPTIONS", "LOCK"):
                yield method, "/f" if method != "LOCK" else "/lock%d" % number, {}, lock_body(owner=text) if method == "LOCK" else None


def check(answer, what):
    for name, value in answer.headers:
        if name == END.lower() or not re.fullmatch("[a-z0-9-]+", name) or re.search("[\x00-\x08\x0a-\x1f\x7f]", value):
            fail("%r: answered with the header %r: %r" % (what, name, value))


def attack(s):
    tries, c = 0, s.connect()
    for method, target, headers, body in requests():
        tries += 1
        what = (method, target, headers, body)
        try:
            check(c.request(method, target, headers, body), what)
            answer = c.request("GET", "/last")
            same((answer.status, answer.body), (200, b"<last>"), "behind %r" % (what,))
            check(answer, what)
        except Closed:  # refused, and closed
            c.close()
            c = s.connect()
    c.close()
    return tries


def found(s):
    """Names that came about behind the server's back."""
    tries = 0
    for end in ("\r\n", "\n", "\r", "\x85", "\u2028"):
        s.write("hostile/a%s%s" % (end, HEADER), "x")
        s.write("hostile/b%s%s/c" % (end, HEADER), "x")
    for target in hrefs(s.request("PROPFIND", "/hostile/", {"Depth": "infinity"})):
        for method in ("GET", "HEAD", "OPTIONS", "PROPFIND", "COPY", "LOCK", "MOVE"):
            tries += 1
            headers = {"Destination": target.rstrip("/") + method} if method in ("COPY", "MOVE") else {}
            check(s.request(method, target, headers, lock_body() if method == "LOCK" else None), (method, target))
    return tries


with Server("--durability", "relaxed", "--trust-forwarded", "--allow-origin", "http://a", "--active-content", "download") as s:
    s.write("last", "<last>")
    s.write("f", "x")
    s.write("folder/f", "x")
    tries = attack(s) + found(s)
    injected = [line for line in s.log().splitlines() if line.startswith(HEADER)]
    same(injected, [], "lines of the log that a client wrote")
    figures(tries=tries, injected_headers=0, split_answers=0, forged_log_lines=0)
