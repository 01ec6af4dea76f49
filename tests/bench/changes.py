"""PUT, LOCK and PROPPATCH."""
import filecmp

from data import make_files, remove
from generators import Broken, NotDone, ask, curl, paced, wrk
from listings import LOCK

VALUE = "what was set before it was timed"
PATCH = ('<?xml version="1.0" encoding="utf-8"?><D:propertyupdate xmlns:D="DAV:" xmlns:b="urn:bench"><D:set><D:prop>'
         "<b:note>%s</b:note></D:prop></D:set></D:propertyupdate>")
NOTE = '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><b:note xmlns:b="urn:bench"/></D:prop></D:propfind>'


def again(folder, s, files=0):
    """The folder as it was before the last round, so that every round begins the same."""
    remove(folder)
    folder.mkdir()
    make_files(folder, files, 1)
    s.own(folder)


def is_whole(file):
    """Names that servers use meanwhile, as lighttpd's that end in ~, may go at any time."""
    try:
        return file.name[0] == "." or file.name[-1] == "~" or file.stat().st_size == 1024
    except FileNotFoundError:
        return False


def put_1k(s, o):
    folder = s.root / "puts"
    again(folder, s)
    try:
        rate = wrk(s.url + "/puts/", o.seconds, "put.lua").rate
        if not all(is_whole(f) for f in folder.iterdir()):
            raise NotDone("stores something else", rate)
        return rate
    finally:
        again(folder, s)


def put_1g(s, o):
    """MB/s."""
    source, stored = o.data / "shared" / "1g", s.root / "large-upload"
    try:
        rate = 1073.741824 / curl((201, 204), "-T", str(source), "-H", "Expect:", s.url + "/large-upload")[1]
        if not filecmp.cmp(source, stored, shallow=False):
            raise NotDone("stores something else", rate)
        return rate
    finally:
        stored.unlink(missing_ok=True)


def lock_pairs(connections):
    def function(s, o):
        check_lock(s, "/small/f00001")
        again(s.root / "locks", s)
        make_names(s, connections)
        result = paced(s, "lock", "/locks/l", connections, o.seconds)
        if result.wrong:
            raise Broken("%s errors" % format(result.wrong, ","), result.rate)
        return result.rate
    return function


def make_names(s, count):
    for i in range(count):
        (s.root / "locks" / ("l%d" % i)).write_bytes(b"x")
    s.own(s.root / "locks")


def check_lock(s, target):
    """A lock must keep others out, and its end must let them in."""
    status, fields, _ = ask(s, "LOCK", target, LOCK, Depth="0", Timeout="Second-600", Content_Type="application/xml")
    if status != 200:
        raise NotDone("answers %d" % status)
    refused = ask(s, "PUT", target, b"y")[0]
    freed = ask(s, "UNLOCK", target, Lock_Token=fields["Lock-Token"])[0]
    allowed = ask(s, "PUT", target, b"x")[0]
    if refused != 423 or freed != 204 or allowed not in (200, 201, 204):
        raise NotDone("does not lock")


def proppatch(s, o):
    status = ask(s, "PROPPATCH", "/props/f00000", PATCH % VALUE, Content_Type="application/xml")[0]
    if status not in (204, 207):
        raise NotDone("answers %d" % status)
    if VALUE.encode() not in ask(s, "PROPFIND", "/props/f00000", NOTE, Depth="0", Content_Type="application/xml")[2]:
        raise NotDone("does not store it")
    return wrk(s.url + "/props/", o.seconds, "proppatch.lua", BENCH_BODY=PATCH).rate
