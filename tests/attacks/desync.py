#!/usr/bin/env python3
"""Requests whose borders are in doubt, sent to Holdfast and through nginx and HAProxy that keep connections to it: no
request that is hidden in another's body is carried out for somebody else, and nobody is given another's answer."""
import select

from attack import *

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxies"))
import proxies  # noqa: E402

# What may stand in a head; %(n)d is the length of what follows, %(h)x that of what is hidden in it.
LENGTHS = ["Content-Length: %(n)d", "Content-Length: 0", "Content-Length: 0\r\nContent-Length: %(n)d",
           "Content-Length: %(n)d\r\nContent-Length: 0", "Content-Length: 0, %(n)d", "Content-Length: %(n)d, %(n)d",
           "Content-Length: +%(n)d", "Content-Length: -%(n)d", "Content-Length: 0x%(n)x", "Content-Length: %(n)d_0",
           "Content-Length: 00000000000%(n)d", "Content-Length: %(n)d\x0b", "Content-Length:\x0c%(n)d",
           "Content-Length: %(n)d;x", "Content-Length: %(n)d 0", "Content-Length: 18446744073709551616", "Content-Length:",
           "Content-Length : %(n)d", " Content-Length: %(n)d", "\tContent-Length: %(n)d", "Content-Length\x00: %(n)d",
           "Content_Length: %(n)d", "X: y\nContent-Length: %(n)d", "X: y\rContent-Length: %(n)d",
           "X: y\r\n Content-Length: %(n)d", "Content-Length:\r\n %(n)d", "Content-Length: 0\r\n %(n)d",
           "Connection: Content-Length\r\nContent-Length: %(n)d", "Connection: close, Content-Length\r\nContent-Length: %(n)d",
           "Content-Length: %(n)d\r\nExpect: 100-continue", "Content-Length: %(n)d\r\nExpect: 100-Continue, 100-continue",
           "Content-Length: %(n)d\r\nExpect: 200-ok", "Content-Length: 0\r\nExpect: 100-continue",
           "Content-Length: %(n)d\r\nExpect:\r\n 100-continue", "Content-Length: %(n)d\r\nUpgrade: h2c\r\nConnection: Upgrade",
           "Content-Length: %(n)d\r\nIf-Match: \"never\"", "Content-Length: %(n)d\r\nExpect: 100-continue\r\nIf-Match: \"never\"",
           "Content-Length: %(n)d\r\nContent-Range: bytes 0-1/2", "Content-Length: %(n)d\r\nConnection: keep-alive, close"]
CHUNKED = ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: %(n)d",
           "Content-Length: %(n)d\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 0",
           "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: Chunked",
           "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, chunked",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx", "Transfer-Encoding: \x0bchunked",
           "Transfer-Encoding:\x0cchunked", "Transfer-Encoding: chunked\x0b", "Transfer-Encoding : chunked",
           " Transfer-Encoding: chunked", "Transfer-Encoding\t: chunked", "Transfer_Encoding: chunked", "Transfer-Encoding: \"chunked\"",
           "Transfer-Encoding: chunked;x=y", "Transfer-Encoding: ,chunked", "Transfer-Encoding:\r\n chunked",
           "Transfer-Encoding: gzip, chunked", "TE: chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
           "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nExpect: 100-continue",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: \xa0chunked",
           "Content-Length: %(n)d\r\nTransfer-Encoding: xchunked", "Transfer-Encoding: chunked\r\nIf-Match: \"never\""]
# Bodies for these: what is hidden stands behind an end that somebody may see, or within what somebody may skip.
BODIES = ["0\r\n\r\n%(hidden)s", "%(h)x\r\n%(hidden)s\r\n0\r\n\r\n"]
ODD_BODIES = ["0\n\n%(hidden)s", "0\r\n\n%(hidden)s", "0\n\r\n%(hidden)s", "0;\n\r\n%(hidden)s", "00000000000000000\r\n\r\n%(hidden)s",
              "0;x=\"\r\n\r\n\"\r\n\r\n%(hidden)s", "%(h)x;x\n%(hidden)s\r\n0\r\n\r\n", "%(h)x;x=\"y\r\nz\"\r\n%(hidden)s\r\n0\r\n\r\n",
              "%(h)x \r\n%(hidden)s\r\n0\r\n\r\n", " %(h)x\r\n%(hidden)s\r\n0\r\n\r\n", "0x%(h)x\r\n%(hidden)s\r\n0\r\n\r\n",
              "+%(h)x\r\n%(hidden)s\r\n0\r\n\r\n", "-1\r\n%(hidden)s\r\n0\r\n\r\n", "%(h)x\r\n%(hidden)s0\r\n\r\n",
              "%(h)x\r\n%(hidden)s\n0\r\n\r\n", "1\r\nab0\r\n\r\n%(hidden)s", "2\r\nab\r\r\n0\r\n\r\n%(hidden)s",
              "10000000000000000%(h)x\r\n%(hidden)s\r\n0\r\n\r\n", "0\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
              "0\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n%(hidden)s", "0\r\n%(hidden)s", "0\r\nX: y\r\n%(hidden)s",
              "0\r\n\r%(hidden)s", "%(h)x;" + "x" * 5000 + "\r\n%(hidden)s\r\n0\r\n\r\n", "\r\n0\r\n\r\n%(hidden)s", "0\r\r\n\r\n%(hidden)s"]
# Whole heads.
LINES = ["GET http://b/own HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "GET http://b/own HTTP/1.1\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT //a/own HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\nHost: a\nContent-Length: %(n)d\n\n%(hidden)s", "PUT /own HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"
         "Connection: keep-alive\r\n\r\n0\r\n\r\n%(hidden)s", "PUT /own HTTP/1.0\r\nConnection: keep-alive\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1 \r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s", "GET /own\r\n%(hidden)s", "GET /own HTTP/0.9\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own\tHTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\r\nHost: a\r\nX: \x00\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\r\nHost: a\r\n: x\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\r\n X: y\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n%(hidden)s", "TRACE /own HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /" + "y" * 20000 + " HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own HTTP/1.1\r\nHost: a\r\nX: " + "y" * 30000 + "\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /.holdfast/own HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /none/own HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "PUT /own/ HTTP/1.1\r\nHost: a\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "MOVE /own HTTP/1.1\r\nHost: a\r\nDestination: /x\r\n\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s"]
METHODS = ("PUT", "GET", "PROPFIND", "COPY", "LOCK", "DELETE", "POST")


# Those in which all that was sent for the request ends before what is hidden, which is then the next request. (Lines
# that end with a bare LF may be read as lines: RFC 9112 2.2.)
ENDED = {"Content-Length: 0", "Content-Length: 0\r\nExpect: 100-continue", "Content_Length: %(n)d",
         "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "X: y\nTransfer-Encoding: chunked",
         "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nExpect: 100-continue",
         "Transfer-Encoding: chunked\r\nIf-Match: \"never\"", "0\n\n%(hidden)s", "0\r\n\n%(hidden)s", "0\n\r\n%(hidden)s",
         "0;\n\r\n%(hidden)s", "00000000000000000\r\n\r\n%(hidden)s", "0\r\nContent-Length: %(n)d\r\n\r\n%(hidden)s",
         "0\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n%(hidden)s", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n%(hidden)s"}


def shapes():
    """Every attack as a text with %(n)d, %(h)x and %(hidden)s, and whether what is hidden may be a request."""
    for method in METHODS:
        head = method + " /own HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n%s"
        yield from ((head % (line, "%(hidden)s"), line in ENDED) for line in LENGTHS)
        yield from ((head % (line, body), line in ENDED and body is BODIES[0]) for line in CHUNKED for body in BODIES)
        yield from ((head % ("Transfer-Encoding: chunked", body), body in ENDED) for body in ODD_BODIES)
    yield from ((line, line in ENDED) for line in LINES)


class Way:
    """A way to the server, and what was found there. Each attack has a number of its own, so that many can go at once."""

    def __init__(self, name, s, port):
        self.name, self.s, self.port, self.seen, self.closed = name, s, port, {}, 0

    def attack(self, number, shape):
        """The attacker's own connection: all that comes on it until its last answer, the end, or silence."""
        hidden = "GET /hidden/%s-%d HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" % (self.name, number)
        body = re.split("\r?\n\r?\n", shape, maxsplit=1)[-1]  # a length in it has two digits or three
        length = len(body.replace("%(hidden)s", hidden).replace("%(h)x", "%x" % len(hidden)).replace("%(n)d", "00"))
        text = shape.replace("%(hidden)s", hidden).replace("%(h)x", "%x" % len(hidden)) \
            .replace("%(n)d", "%d" % length).replace("%(n)x", "%x" % length)
        said = b""
        with Connection("127.0.0.1", self.port, timeout=30) as c:
            try:
                c.sock.sendall(text.encode("latin-1") + b"GET /last HTTP/1.1\r\nHost: a\r\n\r\n")
            except OSError:
                pass
            while not said.endswith(b"<last>") and select.select([c.sock], [], [], 0.15 * PATIENCE)[0]:
                try:
                    piece = c.sock.recv(65536)
                except ConnectionResetError:
                    piece = b""
                self.closed += not piece
                if not piece:
                    break
                said += piece
        self.seen[number] = said.count(b"<hidden %s-%d>" % (self.name.encode(), number))
        others = re.findall(rb"<(?:victim|hidden)[^>]*>", said)
        same(len(others), self.seen[number], "%s, %r: another's answer: %r" % (self.name, text, said[-1500:]))

    def victim(self, number):
        """Others, whose requests go over the connections that the attacker's went over."""
        with Connection("127.0.0.1", self.port, timeout=30) as c:
            for i in range(3):
                answer = c.request("GET", "/victim/%d" % (number * 3 % 50 + i))
                same((answer.status, answer.body), (200, b"<victim %d>" % (number * 3 % 50 + i)), "%s: somebody else" % self.name)


def run(way, everything):
    def client(i):
        for number in range(i, len(everything), 8):
            way.attack(number, everything[number][0])
            way.victim(number)

    parallel(8, client)


def carried_out(s, way):
    """How often each hidden request was."""
    found = {}
    for number in re.findall(r'"GET /hidden/%s-(\d+)"' % way.name, s.log()):
        found[int(number)] = found.get(int(number), 0) + 1
    return found


with Server("--durability", "relaxed", "--head-timeout", "5") as s:
    everything = list(shapes())
    ways = [Way("direct", s, s.port)]
    s.write("last", "<last>")
    for i in range(60):
        s.write("victim/%d" % i, "<victim %d>" % i)
    reuse = proxies.documented("configuration", "haproxy").replace("backend holdfast\n", "backend holdfast\n    http-reuse always\n")
    with contextlib.ExitStack() as stack:
        for name, text in (("nginx-1.1", None), ("haproxy", reuse)):
            try:
                ways.append(Way(name, s, stack.enter_context(proxies.start(name, s.port, 10, text)).port))
            except proxies.Missing as missing:
                print(missing)
        for way in ways:
            for number in range(len(everything)):
                s.write("hidden/%s-%d" % (way.name, number), "<hidden %s-%d>" % (way.name, number))
        for way in ways:
            run(way, everything)
    tries = 0
    for way in ways:
        # Whoever carried one out as a request told him who sent it, and nobody else.
        wrong = {everything[n][0]: (times, way.seen[n]) for n, times in carried_out(s, way).items() if way.seen[n] != times}
        same(wrong, {}, "%s: hidden requests that were carried out, and answered to their sender" % way.name)
        tries += len(way.seen)
    wrong = {everything[n][0] for n in carried_out(s, ways[0]) if not everything[n][1]}
    same(wrong, set(), "what was taken for a request in a body")
    s.alive()
    figures(shapes=len(everything), ways=len(ways), tries=tries, hidden_requests_for_others=0, wrong_answers=0, **{
        "closed by " + way.name: way.closed for way in ways})
