#!/usr/bin/env python3
"""--access: who may do what where, by every method; what may not be read looks just like what is not there."""
from base64 import b64encode

from holdfast import *

NFD, NFC = "cafe%CC%81", "caf%C3%A9"
RULES = ["/ * write", "/ro * read", "/ro @boss write", "/secret ** none", "/secret bob write", "/deep/in/no ** none",
         "/deep/in/no bob write", "/café ann none", "/ro - read"]
USERS = {"ann": "a", "bob": "b"}
METHODS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK")
READS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "COPY")
# What is there, and what is not: plain, in other spellings, through links, with and without a slash.
PAIRS = (("/secret", "/home/bob"), ("/secret/", "/home/bob/"), ("/secret/f", "/secret/none"),
         ("/secret/sub/f", "/secret/none/f"), ("/%73ecret/%66", "/%73ecret/x"), ("//secret//f", "//secret//x"),
         ("/deep/in/no/f", "/deep/in/no/x"), ("/" + NFC + "/f", "/" + NFC + "/x"), ("/" + NFD + "/f", "/" + NFD + "/x"),
         ("/pub/link/f", "/pub/link/x"), ("/pub/link/sub/f", "/pub/link/x/f"), ("/pub/file", "/pub/dangling"),
         ("/home/bob/f", "/home/bob/x"), ("/ro/absolute/f", "/ro/absolute/x"))


def login(user):
    return {} if user is None else {"Authorization": "Basic " + b64encode(("%s:%s" % (user, USERS[user])).encode()).decode()}


def body_of(method):
    return {"PUT": "new", "LOCK": lock_body(),
            "PROPPATCH": '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="u:"/></D:prop></D:set>'
                         '</D:propertyupdate>'}.get(method)


def ask(c, user, method, target, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if method in ("COPY", "MOVE"):
        headers.setdefault("Destination", "/pub/new")
    if method == "UNLOCK":
        headers.setdefault("Lock-Token", "<opaquelocktoken:none>")
    return c.request(method, target, {**login(user), **headers}, body_of(method))


def seen(answer):
    """All that two answers could be told apart by."""
    return (answer.status, answer.reason, sorted(h for h in answer.headers if h[0] != "date"), answer.body)


def fill(s):
    for name in ("pub/f", "ro/f", "ro/sub/f", "secret/f", "secret/sub/f", "deep/f", "deep/in/yes/f", "deep/in/no/f",
                 "cafe\u0301/f", "home/bob/f"):
        s.write(name, name)
    for text, name in (("../secret", "pub/link"), ("../secret/f", "pub/file"), ("../secret/gone", "pub/dangling"),
                       (str(s.path("secret")), "ro/absolute"), ("../pub", "secret/out"), ("../ro", "pub/ro")):
        s.path(name).symlink_to(text)


def alike(s, c, user):
    hidden, elsewhere = (404, 403) if user else (401, 401)
    for there, missing in PAIRS:
        for method in METHODS:
            for headers in ({}, {"If-Match": "*"}, {"If-None-Match": "*"}):
                one, other = ask(c, user, method, there, **headers), ask(c, user, method, missing, **headers)
                same(seen(one), seen(other), "%s %s and %s with %s" % (method, there, missing, headers))
                same(one.status, hidden, "%s %s" % (method, there))
                same(bool(one.get("www-authenticate")), not user)
        same(seen(ask(s, user, "PUT", there, Expect="100-continue")), seen(ask(s, user, "PUT", missing, Expect="100-continue")))
    for there, missing in (pair for pair in PAIRS if pair[0][1] != "/"):  # and where it would go
        for method in ("COPY", "MOVE"):
            for overwrite in "TF":
                one, other = (ask(c, user, method, "/pub/f" if user else "/ro/f", Destination=to, Overwrite=overwrite)
                              for to in (there, missing))
                same(one.status, elsewhere, "%s to %s" % (method, there))
                same([(one.status, one.get("content-type")), "need-privileges" in one.body.decode()],
                     [(other.status, other.get("content-type")), "need-privileges" in other.body.decode()])
                href = re.compile("<D:href>[^<]*")
                same(href.sub("", one.body.decode()), href.sub("", other.body.decode()), "%s to %s" % (method, there))
    for target in ("/secret/f", "/pub/file", "/pub/link/f") if user else ():  # and as a condition
        etag = ask(c, "bob", "HEAD", "/secret/f").get("etag")
        same(ask(c, user, "PUT", "/pub/f", If="<%s> ([%s])" % (target, etag)).status, 412, target)


def matrix(s):
    for where, allowed in (("/ro/f", READS), ("/ro/sub/", READS), ("/pub/ro/f", READS), ("/pub/f", METHODS)):
        for method in METHODS:
            answer = ask(s, "ann", method, where)
            what = "%s %s: %s" % (method, where, answer)
            if method in allowed:
                same(answer.status in (200, 201, 204, 207, 405, 409), True, what)
            else:
                same((answer.status, b"<D:need-privileges>" in answer.body), (403, True), what)
            if answer.get("lock-token"):
                same(ask(s, "ann", "UNLOCK", where, Lock_Token=answer.get("lock-token")).status, 204)
            s.write("pub/f", "pub/f")
    for method in ("PUT", "MKCOL", "LOCK"):
        same(ask(s, "ann", method, "/ro/new").status, 403, method)
    same(ask(s, "ann", "COPY", "/pub/f", Destination="/ro/new").status, 403)
    same(ask(s, "ann", "GET", "/ro/new").status, 404)


def trees(c):
    for method in ("DELETE", "MOVE"):
        same(ask(c, "ann", method, "/deep").status, 403, method)
        same(ask(c, "ann", method, "/deep/in").status, 403, method)
    same(ask(c, "ann", "COPY", "/pub/f", Destination="/deep/in").status, 403)
    same(ask(c, "ann", "LOCK", "/deep").status, 403)
    same(ask(c, "ann", "COPY", "/deep", Destination="/copy").status, 201)
    same(sorted(tree(s.path("copy"))), ["f", "in", "in/yes", "in/yes/f"])
    same(ask(c, "ann", "COPY", "/pub", Destination="/copy2").status, 201)
    same("secret" in str(tree(s.path("copy2"))), False, "what links lead to")
    same(hrefs(ask(c, "ann", "PROPFIND", "/deep", Depth="infinity")),
         ["/deep/", "/deep/f", "/deep/in/", "/deep/in/yes/", "/deep/in/yes/f"])
    same("/deep/in/no/f" in hrefs(ask(c, "bob", "PROPFIND", "/deep", Depth="infinity")), True)
    listed = hrefs(ask(c, "ann", "PROPFIND", "/", Depth="infinity"))
    for name in ("secret", "/no", "bob", "caf", "link", "file", "dangling", "absolute"):
        same([href for href in listed if name in href], [], name)
    page = ask(c, "ann", "GET", "/").body.decode()
    same(("pub/" in page, "secret" in page, "caf" in page), (True, False, False))


def locks(c):
    token = lock_token(ask(c, "bob", "LOCK", "/pub/f"))
    same(ask(c, "ann", "UNLOCK", "/pub/f", Lock_Token="<%s>" % token).status, 403)
    refused = ask(c, "ann", "PUT", "/pub/f", If="(<%s>)" % token)
    same((refused.status, b"/pub/f" in refused.body), (423, True))
    same(ask(c, "bob", "UNLOCK", "/pub/f", Lock_Token="<%s>" % token).status, 204)
    token = lock_token(ask(c, "bob", "LOCK", "/secret/f"))
    same(ask(c, "ann", "PUT", "/pub/f", If="</secret/f> (<%s>)" % token).status, 412)
    same(ask(c, "ann", "UNLOCK", "/secret/f", Lock_Token="<%s>" % token).status, 404)
    same(ask(c, "bob", "UNLOCK", "/secret/f", Lock_Token="<%s>" % token).status, 204)


def homes(c):
    same(ask(c, "ann", "PUT", "/home/ann/f").status, 201)
    same(hrefs(ask(c, "ann", "PROPFIND", "/home", Depth="infinity")), ["/home/", "/home/ann/", "/home/ann/f"])
    same(ask(c, "ann", "DELETE", "/home/ann").status, 403)
    same(ask(c, "ann", "DELETE", "/home/ann/f").status, 204)


def root():
    """Who may do everything still cannot move, remove or replace the root, which is in nothing."""
    with Server("--access", "/ ann write", users=USERS) as s, s.connect() as c:
        s.write("pub/f", "x")
        for user, status in (("ann", 403), ("bob", 404)):
            for method in ("DELETE", "MOVE"):
                same(ask(c, user, method, "/").status, status, "%s of the root by %s" % (method, user))
            for method in ("COPY", "MOVE"):
                same(ask(c, user, method, "/pub", Destination="/").status, status, "%s to the root by %s" % (method, user))
        same(tree(s.root), {"pub": None, "pub/f": b"x"})


root()
with temporary() as t:
    (t / "groups").write_text("# who is what\nboss: bob\n")
    options = ["--anonymous", "write", "--home-folders", "/home", "--groups", str(t / "groups")]
    with Server(*options, *(a for rule in RULES for a in ("--access", rule)), users=USERS) as s, s.connect() as c:
        fill(s)
        alike(s, c, "ann")
        alike(s, c, None)
        same([s.request(method, "/ro/f").status for method in ("GET", "PROPFIND", "PUT", "DELETE")], [200, 207, 401, 401])
        same(hrefs(s.request("PROPFIND", "/", {"Depth": "1"})), ["/", "/ro/"])
        same({name: content for name, content in tree(s.path("secret")).items() if content},
             {"f": b"secret/f", "sub/f": b"secret/sub/f"})
        matrix(s)
        trees(c)
        locks(c)
        homes(c)
        same(ask(c, "bob", "PUT", "/ro/f").status, 204, "a group may more")
        same(ask(c, "bob", "GET", "/pub/file").body, b"secret/f")
