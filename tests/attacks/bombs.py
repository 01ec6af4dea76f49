#!/usr/bin/env python3
"""XML that explodes when it is read, names that collide in hash tables, floods of properties and of locks: the peak of the
server's memory stays within what the limits allow, none costs much more than an honest body of its size, others go on."""
import itertools

from attack import *

ROUNDS = 40 if LONG else 1
CLIENTS = 4
SIZE = MIB - 4000  # just what --max-xml takes
PEAK_MIB = 24      # for each of the clients, whatever they send: the body, and what libxml2 makes of it
HEAD = '<?xml version="1.0"?>'
PROPFIND, END = '<D:propfind xmlns:D="DAV:"><D:prop>', "</D:prop></D:propfind>"


def full(unit, start="", end=""):
    """As much of it as a body may be; unit: a text, or a function that makes one of a number."""
    if isinstance(unit, str):
        return start + unit * ((SIZE - len(start) - len(end)) // len(unit)) + end
    parts, size = [], len(start) + len(end)
    for i in itertools.count():
        parts.append(unit(i))
        size += len(parts[-1])
        if size > SIZE:
            return start + "".join(parts[:-1]) + end


def nested(opening, closing, depth):
    return "".join(opening(i) for i in range(depth)) + "".join(closing(i) for i in reversed(range(depth)))


def colliding(count):
    """Names that are one to a hash that multiplies by 33, whatever it begins with."""
    return list(itertools.islice(("".join(p) for p in itertools.product(("Ez", "FY"), repeat=14)), count))


def plain(count):
    return ["name%022d" % i for i in range(count)]


def names(some):
    return PROPFIND + "".join('<%s xmlns="u:"/>' % name for name in some) + END


def bombs():
    laughs = "".join('<!ENTITY e%d "%s">' % (i, "&e%d;" % (i - 1) * 10) for i in range(1, 12))
    some = {
        "laughs": '<!DOCTYPE x [<!ENTITY e0 "ha">%s]>' % laughs + PROPFIND + "&e11;" + END,
        "quadratic": full("&e;", '<!DOCTYPE x [<!ENTITY e "%s">]>' % ("x" * 60000) + PROPFIND + "<a>", "</a>" + END),
        "parameter entities": full("%p;", '<!DOCTYPE x [<!ENTITY % p "<!--' + "x" * 60000 + '-->">', "]>" + PROPFIND + END),
        "declarations": full(lambda i: '<!ENTITY e%d "x">' % i, "<!DOCTYPE x [", "]>" + PROPFIND + END),
        "default attributes": full(lambda i: '<!ATTLIST x a%d CDATA "v">' % i, "<!DOCTYPE x [", "]><x/>"),
        "deep": full("<a>"), "deep and closed": PROPFIND + nested(lambda i: "<a>", lambda i: "</a>", 90) * 50 + END,
        "wide": full("<a/>", PROPFIND, END), "wide within": names(plain(9990)), "colliding": names(colliding(9990)),
        "attributes": full(lambda i: " a%d=''" % i, "<D:propfind xmlns:D='DAV:'", "/>"),
        "same attribute": full(" a=''", "<D:propfind xmlns:D='DAV:'", "/>"),
        "colliding attributes": "<D:propfind xmlns:D='DAV:'%s/>" % "".join(" %s=''" % name for name in colliding(9990)),
        "attributes of two prefixes": "<D:propfind xmlns:D='DAV:' xmlns:a='u' xmlns:b='u'%s/>" % "".join(
            " %s:n%d=''" % (p, i) for i in range(4990) for p in "ab"),
        "long attribute": full("v", "<D:propfind xmlns:D='DAV:' a='", "'/>"),
        "namespaces": full(lambda i: " xmlns:n%d='u:'" % i, "<D:propfind xmlns:D='DAV:'", "/>"),
        "nested namespaces": nested(lambda i: "<a" + "".join(" xmlns:n%d='u:%d'" % (j, i) for j in range(100)) + ">", lambda i: "</a>", 90),
        "long namespace": full("u", "<D:propfind xmlns:D='DAV:'><D:prop><a xmlns='", "'/>" + END),
        "long name": full("n", PROPFIND + "<", "/>" + END), "long prefix": full("n", PROPFIND + "<", ":a/>" + END),
        "long text": full("x", PROPFIND, END), "references": full("&#1234;", PROPFIND + "<a>", "</a>" + END),
        "CDATA": full("<![CDATA[x]]>", PROPFIND + "<a>", "</a>" + END), "comments": full("<!---->", PROPFIND, END),
        "one comment": full("-x", PROPFIND + "<!--", "-->" + END), "instructions": full("<?x?>", PROPFIND, END),
        "blanks": full(" ", PROPFIND, END), "zeros": "\0" * SIZE, "open tag": full("<"), "end tags": full("</a>"),
        "another encoding": full("x", '<?xml version="1.0" encoding="UTF-16"?>' + PROPFIND, END),
        "no such encoding": full("x", '<?xml version="1.0" encoding="%s"?>' % ("e" * 3000), END)}
    for name, body in some.items():
        yield name, (HEAD if not body.startswith(("<?xml", "\0")) else "") + body
    yield "wide characters", (HEAD + PROPFIND + END).encode("utf-16") + "<a/>".encode("utf-16-le") * 100000
    yield "gzip", b"\x1f\x8b" + b"\0" * 1000


def processor_ms(s):
    fields = Path("/proc/%d/stat" % s.process.pid).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def forget_peak(s):
    Path("/proc/%d/clear_refs" % s.process.pid).write_text("5")


def xml(s):
    bodies = list(bombs())
    s.request("PROPFIND", "/f", {"Depth": "0"}, names(plain(9990)))
    forget_peak(s)
    before, answers, costs = s.memory_kib(), 0, []
    for name, body in bodies:
        began = processor_ms(s)

        def client(n):
            with contextlib.ExitStack() as stack:
                c = None
                for method in ("PROPFIND", "PROPPATCH", "LOCK", "MKCOL") * ROUNDS:
                    headers = {"Depth": "0", **({"Content-Encoding": "gzip"} if name == "gzip" else {})}
                    c = c or stack.enter_context(s.connect())
                    answer = c.request(method, "/f%d" % n if method == "MKCOL" else "/f", headers, body)
                    known = name in ("wide within", "colliding") or "deep and" in name
                    same(answer.status in (400, 403, 405, 413, 415, 422, 507) or known or answer.status == 207, True, (name, method, answer.status))
                    if answer.get("connection") == "close":
                        c = None

        parallel(CLIENTS, client)
        answers += CLIENTS * 4 * ROUNDS
        costs.append((round((processor_ms(s) - began) / CLIENTS / 4 / ROUNDS, 1), name))
        s.alive()
    grown = s.memory_kib("VmHWM") - before
    within(grown, 0, CLIENTS * PEAK_MIB * 1024, "KiB that the peak is above what it was before")
    dearest = max(costs)
    figures(bombs=len(bodies), answers=answers, peak_grew_by_MiB=round(grown / 1024, 1), dearest_ms=dearest[0], dearest=dearest[1])


def costs(s, what):
    began = processor_ms(s)
    what()
    return processor_ms(s) - began


def properties(s):
    """As many as may be, with names that collide and with others; and asked for by many names."""
    took = {}
    for kind, make in (("plain", plain), ("colliding", colliding)):
        some, target = make(1000), "/" + kind
        s.write(kind, "x")

        def flood():
            for i in range(0, 1000, 100):
                inner = "".join('<D:set><D:prop><%s xmlns="u:">v</%s></D:prop></D:set>' % (n, n) for n in some[i:i + 100])
                same(proppatch(s, target, inner).status, 207)
            same(len(propfind(s, target)[target][1]) > 1000, True, "all are there")
            for _ in range(5):
                same(s.request("PROPFIND", target, {"Depth": "0"}, names(make(9990))).status, 207)
            more = proppatch(s, target, '<D:set><D:prop><more xmlns="u:"/></D:prop></D:set>')
            same(b" 507 " in more.body, True, "one more")
        took[kind] = costs(s, flood)
    within(took["colliding"], 0, 5 * took["plain"] + 200, "ms for names that collide")
    figures(properties=1000, names_asked_for=9990, plain_ms=took["plain"], colliding_ms=took["colliding"])


def locks(s):
    """Somebody without a name takes all that he may have, on files of his own and on one; others still lock."""
    forget_peak(s)
    before, pipeline, taken = s.memory_kib(), Pipeline(s), 0
    said = b""
    while b"\r\n\r\n" in said or not said:
        said = pipeline.send([request("LOCK", "/l%d" % (taken + i), "Timeout: Second-3600\r\n", lock_body()) for i in range(500)])
        taken += said.count(b"HTTP/1.1 201 ")
        if b"HTTP/1.1 403 " in said:
            break
    same(taken, 10000, "locks that one may have")
    shared = pipeline.send([request("LOCK", "/f", USER, lock_body("shared")) for _ in range(300)])
    same(shared.count(b"HTTP/1.1 200 ") - 1, 100, "shared locks on one file, and the end")
    with s.connect() as c:
        same(lock(c, "/mine", headers=dict([USER.strip().split(": ")])).status, 201, "somebody else's")
        same(c.request("PUT", "/new", {}, "x").status, 201)
        same(c.request("PUT", "/l1", {}, "x").status, 423)
    figures(locks=taken, refused=pipeline.answered - taken - 100, peak_grew_by_MiB=round((s.memory_kib("VmHWM") - before) / 1024, 1))


USER = "Authorization: Basic YW5uOnBhc3M=\r\n"  # ann:pass
with Server("--durability", "relaxed", "--log-level", "error", "--anonymous", "write", users={"ann": "pass"}) as s:
    s.write("f", "x")
    s.write("end", Pipeline.END)
    xml(s)
    properties(s)
    locks(s)
    s.alive()
