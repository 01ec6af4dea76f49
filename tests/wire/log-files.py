#!/usr/bin/env python3
"""--log-file and --access-log: where lines go, opened anew on SIGHUP; and the form that the journal wants."""
from holdfast import *


def hang_up(s):
    s.process.send_signal(signal.SIGHUP)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


with temporary() as t:
    log, access = t / "log", t / "access"
    with Server("--log-file", str(log), "--access-log", str(access), "--log-level", "debug") as s:
        s.request("GET", "/one")
        eventually(lambda: len(lines(access)) == 1 and "/one" in lines(access)[0], "the access line, in its file")
        same(any("/one" in line for line in lines(log)), False, "and only there")
        same(s.log(), "", "nothing on standard error")

        # as logrotate does it: away, then SIGHUP
        log.rename(t / "log.1")
        access.rename(t / "access.1")
        s.request("GET", "/two")
        eventually(lambda: any("/two" in line for line in lines(t / "access.1")), "the old file goes with its name")
        hang_up(s)
        eventually(lambda: log.exists() and access.exists(), "new files")
        s.request("GET", "/three")
        eventually(lambda: any("/three" in line for line in lines(access)), "written to")
        eventually(lambda: any("read again" in line for line in lines(log)), "messages too")
        same(any("/three" in line for line in lines(t / "access.1")), False)
        same(access.stat().st_mode & 0o777, 0o640, "who may read it")

        # it cannot be opened: all stays as it was, and is said
        access.rename(t / "access.2")
        access.mkdir()
        hang_up(s)
        eventually(lambda: any(str(access) in line and "as they were" in line for line in lines(log)), "it is said")
        s.request("GET", "/four")
        eventually(lambda: any("/four" in line for line in lines(t / "access.2")), "the old one is kept")
        same(len([line for line in lines(log) if str(access) in line]), 1, "one line")

    # while many write, no line is lost
    with Server("--access-log", str(t / "busy"), "--log-level", "error") as s:
        stop, asked = threading.Event(), []

        def work():
            with s.connect() as c:
                while not stop.is_set():
                    c.request("OPTIONS", "/busy-%d" % len(asked))
                    asked.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(10):
            (t / "busy").rename(t / ("busy.%d" % i))
            hang_up(s)
            eventually(lambda: (t / "busy").exists(), "a new file")
            before = len(asked)
            eventually(lambda: len(asked) > before + 20, "requests meanwhile")
        stop.set()
        for thread in threads:
            thread.join()
        whole = lambda: sum(len([l for l in lines(path) if re.fullmatch(r'\S+ 127.0.0.1 (?:-|tester) "OPTIONS /busy-\d+" 200 .*', l)])
                            for path in t.glob("busy*"))
        eventually(lambda: whole() == len(asked), "each request has its whole line: %d of %d" % (whole(), len(asked)))
        same(s.log(), "", "--log-level is for messages, and for access lines among them")

    with Server("--access-log", "off") as s:
        s.request("GET", "/quiet")
        hang_up(s)
        eventually(lambda: re.search("nothing to read|were read again", s.log()), "messages go on")
        same("quiet" in s.log(), False)

    for place in (t / "none" / "log", t):
        for option in ("--log-file", "--access-log"):
            status, out, err = run_program("serve", option, str(place), str(t))
            same((status, err.count("\n"), str(place) in err), (1, 1, True), err)
    same(run_program("serve", "--log-format", "xml", str(t))[0], 2)

# The journal: standard error is what $JOURNAL_STREAM says. Its lines have a priority and no time.
with temporary() as t:
    for name, here in (("journal", True), ("other", False)):
        s = Server("--state", str(t / name))
        s.log_path.touch()
        found = s.log_path.stat()
        os.environ["JOURNAL_STREAM"] = "%d:%d" % (found.st_dev, found.st_ino + (0 if here else 1))
        with s:
            s.request("GET", "/a")
            hang_up(s)
            lines = lambda: [line for line in s.log().splitlines() if not re.search("as root|Landlock|seccomp", line)]
            eventually(lambda: len(lines()) >= 2, "a line of each kind")
            both = lines()
            same({bool(re.match(r'<6>127.0.0.1 (-|tester) "GET|<6>holdfast: info: ', line)) for line in both}, {here}, both)
            same({bool(re.match(r"\d{4}-", line)) for line in both}, {not here}, both)
    del os.environ["JOURNAL_STREAM"]
