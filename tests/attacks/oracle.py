#!/usr/bin/env python3
"""Somebody who may not read a folder looks for what is in it: by every method, with every header that asks about a
resource, in all spellings, as subject, as destination and as condition. What is there and what is not is answered with the
same bytes, and nothing there changes."""
from base64 import b64encode
from statistics import median

from attack import *

# Names of one length, so that answers about them have one length, too.
THERE, GONE, LOCKED, FOLDER, LINK = "qthere", "qagone", "qalock", "qafold", "qalink"
METHODS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK", "POST",
           "REPORT", "SEARCH", "ACL", "BREW")
BODIES = {"PUT": "new", "LOCK": lock_body(), "POST": "x", "REPORT": "<x/>", "PROPPATCH":
          '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="u:"/></D:prop></D:set></D:propertyupdate>'}
USERS = {"ann": "a", "bob": "b"}


def login(user):
    return {"Authorization": "Basic " + b64encode(("%s:%s" % (user, USERS[user])).encode()).decode()} if user else {}


def headers(etag, date, token):
    """Whatever asks something of a resource; NAME stands for the hidden one."""
    here = "http://HOST/secret/NAME"
    yield from ({}, {"If-Match": "*"}, {"If-Match": etag}, {"If-Match": '"no"'}, {"If-None-Match": "*"}, {"If-None-Match": etag},
                {"If-Modified-Since": date}, {"If-Unmodified-Since": date}, {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"},
                {"Range": "bytes=0-1"}, {"Range": "bytes=999-"}, {"Range": "bytes=0-1", "If-Range": etag}, {"Depth": "0"}, {"Depth": "1"},
                {"Depth": "infinity"}, {"Depth": "1,noroot"}, {"Overwrite": "F"}, {"Timeout": "Second-5"},
                {"If": "(<%s>)" % token}, {"If": "(Not <%s>)" % token}, {"If": "([%s])" % etag}, {"If": "<%s> ([%s])" % (here, etag)},
                {"If": "<%s> (Not [%s])" % (here, etag)}, {"If": "<%s> (<%s>)" % (here, token)}, {"If": "<%s> (Not <%s>)" % (here, token)},
                {"If": "</secret/NAME> ([%s]) </pub/f> (Not <urn:x>)" % etag}, {"Lock-Token": "<%s>" % token}, {"Prefer": "respond-async"},
                {"Prefer": "return=representation"}, {"Idempotency-Key": '"NAME"'}, {"X-Expected-Entity-Length": "3"}, {"OC-Checksum": "MD5:x"},
                {"Content-Range": "bytes 0-1/2"}, {"Content-Type": "text/plain"}, {"Accept": "text/html"}, {"Accept-Encoding": "gzip"},
                {"Want-Repr-Digest": "sha-256=1"}, {"X-Forwarded-Host": "h"}, {"X-HTTP-Method-Override": "GET"}, {"X-Original-URL": "/secret/NAME"},
                {"Destination": "/secret/NAME"}, {"Destination": "/pub/new"}, {"User-Agent": "Microsoft-WebDAV-MiniRedir/10"},
                {"Origin": "http://h"}, {"Expect": "100-continue"}, {"Translate": "f"}, {"Cookie": "x=NAME"}, {"Max-Forwards": "0"})


SPELLINGS = ("/secret/NAME", "/secret/NAME/", "/secret/NAME/below", "/%73ecret/NAME", "//secret//NAME", "/secret/NAME?x", "/secret/./NAME",
             "/secret/sub/../NAME", "/pub/../secret/NAME", "http://HOST/secret/NAME", "/pub/link/NAME", "/pub/link/NAME/", "/secret/NAME%00",
             "/secret/NAME%2f", "/secret/NAME;x", "/secret%2fNAME", "/secret/NAME#x", "/secret/NAME::$DATA", "/secret/%2e/NAME", "/pub/link//NAME")
AS_DESTINATION = ("/secret/NAME", "/secret/NAME/", "/pub/link/NAME", "http://HOST/secret/NAME", "/%73ecret/NAME", "/secret/NAME/below")


def shapes(etag, date, token):
    for method in METHODS:
        for some in headers(etag, date, token):
            yield method, "/secret/NAME", some
        for target in SPELLINGS:
            for some in ({}, {"If-Match": "*"}, {"Depth": "0"}):
                yield method, target, some
    for method in ("COPY", "MOVE"):
        for source in ("/pub/f", "/pub/none", "/pub", "/secret/" + THERE, "/secret/" + GONE):
            for to in AS_DESTINATION:
                for overwrite in "TF":
                    for depth in ("0", "infinity"):
                        yield method, source, {"Destination": to, "Overwrite": overwrite, "Depth": depth}
    for method in ("PUT", "DELETE", "PROPFIND", "LOCK", "MKCOL", "GET"):  # as a condition
        for here in AS_DESTINATION:
            for state in ("[%s]" % etag, "<%s>" % token, "Not [%s]" % etag, "Not <%s>" % token, '["no"]'):
                yield method, "/pub/condition", {"If": "<%s> (%s)" % (here, state)}


def seen(c, user, name, shape, etag):
    """All that there is to be seen, but for the name that was asked for."""
    method, target, some = shape
    some = {key: value.replace("NAME", name).replace("HOST", c.authority()) for key, value in some.items()}
    if method in ("COPY", "MOVE"):
        some.setdefault("Destination", "/pub/new")
    answer = c.request(method, target.replace("NAME", name).replace("HOST", c.authority()), {**login(user), **some}, BODIES.get(method))
    found = repr((answer.status, answer.reason, sorted(h for h in answer.headers if h[0] != "date"), answer.body, answer.interims))
    if answer.get("connection") == "close":
        c.close()
        c.__init__(c.host, c.port)
    if answer.status in (200, 201, 204, 207):  # about what was made new, each time
        same(etag in found, False, "a hidden file's tag in %s" % found)
        found = re.sub(r'"[0-9a-f]+(-[0-9a-f]+){3}"|\w+, \d+ \w+ \d+ [0-9:]+ GMT|opaquelocktoken:[-0-9a-f]+', "NEW", found)
    return found.replace(name, "NAME")


def look(s, user, everything, etag):
    """Each shape with each name; those that can be told apart, and how long they took."""
    told, took = [], {THERE: [], GONE: []}
    with s.connect() as c:
        for shape in everything:
            answers = {}
            for name in (THERE, GONE, LOCKED, FOLDER, LINK):
                began = time.perf_counter()
                answers[name] = seen(c, user, name, shape, etag)
                if name in took:
                    took[name].append(time.perf_counter() - began)
                # What may have come about in the part that is everybody's must not answer the next one.
                for made in ("new", "condition"):
                    shutil.rmtree(s.path("pub/" + made)) if s.path("pub/" + made).is_dir() else s.path("pub/" + made).unlink(missing_ok=True)
                if not s.path("pub/f").exists():
                    s.write("pub/f", "pub")
            if len(set(answers.values())) > 1:
                told.append((user, shape, answers))
    return told, took


RULES = ["/ ** write", "/secret ** none", "/secret bob write"]
with Server("--durability", "relaxed", "--log-level", "error", "--anonymous", "write", *(a for rule in RULES for a in ("--access", rule)),
            users=USERS) as s:
    for name in ("pub/f", "secret/" + THERE, "secret/" + LOCKED, "secret/%s/below" % FOLDER):
        s.write(name, name)
    s.path("secret/" + LINK).symlink_to(THERE)
    s.path("pub/link").symlink_to("../secret")
    head = s.request("HEAD", "/secret/" + THERE, login("bob"))
    token = lock_token(lock(s, "/secret/" + LOCKED, headers=login("bob")))
    everything = list(shapes(head.get("etag"), head.get("last-modified"), token))
    before = tree(s.path("secret"))
    results = [look(s, user, everything, head.get("etag")) for user in ("ann", None)]
    told = [one for found, _ in results for one in found]
    same(len(told), 0, "told apart, such as %r" % (told[0] if told else None,))
    same(tree(s.path("secret")), before, "what is hidden")
    same(s.request("GET", "/secret/" + THERE, login("bob")).body, b"secret/" + THERE.encode(), "and who may read it can")
    figures(shapes=len(everything), compared=2 * 5 * len(everything), told_apart=0, **{
        "median µs where there is something": round(median(results[0][1][THERE]) * 1e6),
        "and where not": round(median(results[0][1][GONE]) * 1e6)})
