"""PROPFIND and GET."""
import contextlib
import re
import subprocess
import threading

from data import remove
from generators import PATIENCE, Broken, NotDone, answer_time, ask, curl, paced, wrk

ALL = '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>'
SOME = ('<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/>'
        "<D:getcontentlength/><D:getlastmodified/><D:getetag/><D:displayname/></D:prop></D:propfind>")
LOCK = ('<?xml version="1.0" encoding="utf-8"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        "<D:locktype><D:write/></D:locktype><D:owner>bench</D:owner></D:lockinfo>")
XML = ("-H", "Content-Type: application/xml", "--data-binary")
LOCKS = 10
PACE = 2000  # requests a second: far below what any of them can do


def propfind(s, depth, target, body):
    return "-X", "PROPFIND", "-H", "Depth: " + depth, *XML, body, s.url + target


def check_listing(s, o, depth, target, body, wanted, locks=0):
    """Lists once into a file, and complains if it is not all there."""
    answer = o.data / "listing.xml"
    done = subprocess.run(["curl", "-sS", "-o", str(answer), "-w", "%{http_code}", "--max-time", str(PATIENCE),
                           *propfind(s, depth, target, body)], capture_output=True, text=True)
    if done.returncode or done.stdout != "207":
        raise NotDone("answers %s" % (done.stdout if not done.returncode else "nothing whole"))
    count = shown = 0
    with open(answer, "rb") as f:
        rest = b""
        for piece in iter(lambda: f.read(1 << 20), b""):
            # what a border cuts is shorter than this, and is counted with the next piece
            piece = rest + piece
            cut = max(piece.rfind(b">") + 1, 0)
            piece, rest = piece[:cut], piece[cut:]
            count += len(re.findall(rb"</(?:\w+:)?response>", piece))
            shown += len(re.findall(rb"</(?:\w+:)?activelock>", piece))
    answer.unlink()
    if count != wanted:
        raise NotDone("lists %s of %s" % (format(count, ","), format(wanted, ",")))
    if shown != locks:
        raise NotDone("shows %d of %d locks" % (shown, locks))


@contextlib.contextmanager
def locked(s, targets):
    held = []
    try:
        for target in targets:
            status, fields, _ = ask(s, "LOCK", target, LOCK, Depth="0", Timeout="Second-600",
                                    Content_Type="application/xml")
            if status != 200:
                raise NotDone("answers %d to LOCK" % status)
            held.append((target, fields["Lock-Token"]))
        yield
    finally:
        for target, token in held:
            ask(s, "UNLOCK", target, Lock_Token=token)


def propfind_many(s, o):
    """Seconds to the last byte, and to the first; each the least of three."""
    with locked(s, ["/many/f%05d" % (i * 997) for i in range(LOCKS)]):
        times = [curl((207,), *propfind(s, "1", "/many/", ALL)) for _ in range(3)]
        values = min(last for _, last in times), min(first for first, _ in times)
        try:
            check_listing(s, o, "1", "/many/", ALL, 10001, LOCKS)
        except NotDone as reason:
            raise NotDone(str(reason), *values)
        return values


def propfind_infinity(s, o):
    check_listing(s, o, "infinity", "/tree/", ALL, 10101)
    return min(curl((207,), *propfind(s, "infinity", "/tree/", ALL))[1] for _ in range(3))


def propfind_0(s, o):
    check_listing(s, o, "0", "/small/f00000", SOME, 1)
    return wrk(s.url + "/small/f00000", o.seconds, "propfind.lua", BENCH_DEPTH="0", BENCH_BODY=SOME).rate


def propfind_100(s, o):
    check_listing(s, o, "1", "/small/", SOME, 101)
    return wrk(s.url + "/small/", o.seconds, "propfind.lua", BENCH_DEPTH="1", BENCH_BODY=SOME).rate


def get_1k(s, o):
    """Requests a second, and seconds of processor time of the server for each."""
    if ask(s, "GET", "/1k")[2] != (s.root / "1k").read_bytes():
        raise NotDone("sends something else")
    before = s.cpu_seconds()
    load = wrk(s.url + "/1k", o.seconds)
    return load.rate, (s.cpu_seconds() - before) / load.requests


def get_100m(s, o):
    """MB/s."""
    return max(104.8576 / curl((200,), s.url + "/100m")[1] for _ in range(3))


def get_during_copy(s, o):
    """The slowest hundredth of GETs while one COPY after the other runs, over the same without; and in seconds."""
    def p99():
        result = paced(s, "get", "/1k", 16, o.seconds, PACE)
        if result.wrong:
            raise Broken("%d wrong answers" % result.wrong)
        return result.p99

    folder, over, failed = s.root / "busy", threading.Event(), []

    def copies():
        number = 0
        try:
            while not over.is_set():
                number += 1
                answer_time(s, "COPY", "/tree/", "Destination: %s/busy/c%d/" % (s.url, number))
        except NotDone as reason:
            failed.append(reason)

    idle = p99()
    folder.mkdir()
    s.own(folder)
    thread = threading.Thread(target=copies)
    thread.start()
    try:
        busy = p99()
    finally:
        over.set()
        thread.join()
        remove(folder)
    if failed:
        raise failed[0]
    return busy / idle, busy
