#!/usr/bin/env python3
"""holdfast passwd: echo is off and comes back, lines of others stay to the byte, owner and mode too, all or nothing."""
import errno
import pty
import struct
import termios

from holdfast import *


def passwd(*arguments, stdin="secret\n"):
    return run_program("passwd", *map(str, arguments), stdin=stdin)


class Terminal:
    """The program with a terminal; what it shows is in `shown`."""

    def __init__(self, *arguments):
        try:
            self.side, other = pty.openpty()
        except OSError as e:
            skip("no terminals are to be had: %s" % e)
        self.other = other  # so that its settings can be looked at afterwards
        self.process = subprocess.Popen(program() + ["passwd"] + list(map(str, arguments)), stdin=other, stdout=other,
                                        stderr=other, start_new_session=True, preexec_fn=self.take)
        self.shown = b""

    @staticmethod
    def take():
        import fcntl
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def echoes(self):
        return bool(termios.tcgetattr(self.other)[3] & termios.ECHO)

    def wait_for(self, text):
        while text not in self.shown:
            self.shown += os.read(self.side, 1000)

    def type(self, text):
        os.write(self.side, text)

    def end(self):
        status = self.process.wait(20 * PATIENCE)
        os.set_blocking(self.side, False)
        try:
            self.shown += os.read(self.side, 1000)
        except BlockingIOError:
            pass
        same(self.echoes(), True, "echo is back")
        os.close(self.side)
        os.close(self.other)
        return status


def typed(t, users):
    term = Terminal(users, "ann")
    term.wait_for(b"Password: ")
    same(term.echoes(), False)
    term.type(b"hush-hush\n")
    term.wait_for(b"Again: ")
    term.type(b"hush-hush\n")
    same(term.end(), 0)
    same(b"hush" in term.shown, False, term.shown)
    same(passwd("--check", users, "ann", stdin="hush-hush\n")[0], 0)

    term = Terminal(users, "ann")
    term.wait_for(b"Password: ")
    term.type(b"one\n")
    term.wait_for(b"Again: ")
    term.type(b"two\n")
    same(term.end(), 1)
    same(b"the passwords differ" in term.shown, True, term.shown)

    before = users.read_bytes()
    for key, number in ((b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT), (None, signal.SIGTERM), (None, signal.SIGHUP)):
        term = Terminal(users, "ann")
        term.wait_for(b"Password: ")
        term.type(b"hal")
        term.type(b"\x1a")  # Ctrl-Z does nothing
        if key:
            term.type(key)
        else:
            term.process.send_signal(number)
        same(term.end(), -number, "it dies of the signal")
        same(b"hal" in term.shown, False, term.shown)
    term = Terminal(users, "ann")
    term.wait_for(b"Password: ")
    term.type(b"\x04")  # end of file
    same(term.end(), 1)
    same(users.read_bytes(), before)
    same(sorted(os.listdir(t)), ["users"], "strays")


def others_stay(t, users):
    other = b"# a comment\n\nbob:x:a comment\r\n#ann:old\n" + b"carl:" + b"y" * 9000 + b"\nannette:z\n\xff\xfe junk\nlast:w"
    users.write_bytes(b"ann:first\n" + other + b"\nann:second\n")
    os.chmod(users, 0o640)
    if os.geteuid() == 0:
        os.chown(users, 12345, 23456)
    same(passwd(users, "ann")[0], 0)
    text = users.read_bytes()
    same(text.split(b"\n", 1)[1], other + b"\n", "lines of others")
    same(bool(re.fullmatch(rb"ann:\$2y\$10\$.{53}", text.split(b"\n")[0])), True, text[:80])
    st = users.stat()
    same(oct(st.st_mode & 0o7777), "0o640")
    if os.geteuid() == 0:
        same((st.st_uid, st.st_gid), (12345, 23456))
    same(passwd("--delete", users, "ann", stdin="")[0], 0)
    same(users.read_bytes(), other + b"\n")
    status, out, err = passwd("--delete", users, "ann", stdin="")
    same((status, err), (1, "holdfast: %s has no user ann\n" % users))
    same(passwd(users, "dora")[0], 0)
    same(users.read_bytes().startswith(other + b"\ndora:$2y$"), True, "a new one comes last")
    link = t / "link"
    link.symlink_to("users")
    same(passwd("--delete", link, "dora", stdin="")[0], 0)
    same((link.is_symlink(), users.read_bytes()), (True, other + b"\n"))
    link.unlink()


def kinds(users):
    users.unlink()
    same(passwd("--digest", users, "ann")[0], 0)
    same(oct(users.stat().st_mode & 0o7777), "0o600", "a new file")
    same(users.read_text(), "ann:Holdfast:e3ed3ed699ef503fa0af2a9a53edaf95ca1c643bdcac6e146042c65c9f606f38\n")
    same(passwd("--check", users, "ann")[0], 0)
    same(passwd("--check", users, "ann", stdin="Secret\n")[0], 1)
    same(passwd(users, "ann", stdin="other")[0], 0)
    same(len(users.read_text().splitlines()), 1, "the digest of the old password is gone")
    same([passwd("--check", users, "ann", stdin=p)[0] for p in ("secret\n", "other\n", "other\r\n")], [1, 0, 0])
    same(passwd("--check", users, "nobody")[::2], (1, "holdfast: wrong name or password\n"))
    before = users.read_bytes()
    for arguments, stdin, wanted in (
            (["--nonsense", users, "a"], "x\n", 2), (["--digest", "--delete", users, "a"], "x\n", 2), ([users], "x\n", 2),
            ([users, "a", "b"], "x\n", 2), ([users, "a:b"], "x\n", 2), ([users, "a\tb"], "x\n", 2), ([users, "#a"], "x\n", 2),
            ([users, ""], "x\n", 2), ([users, "a" * 257], "x\n", 2), ([users, "a"], "", 1), ([users, "a"], "\n", 1),
            ([users, "a"], "x\0y\n", 1), ([users, "a"], "x" * 73 + "\n", 1), (["--digest", users, "a"], "x" * 256 + "\n", 1),
            ([users.parent, "a"], "x\n", 1), ([users / "x", "a"], "x\n", 1), (["/nonexistent/x", "a"], "x\n", 1),
            (["--delete", users.parent / "none", "a"], "", 1), (["--check", users.parent / "none", "a"], "x\n", 1)):
        status, out, err = passwd(*arguments, stdin=stdin)
        same((status, out, len(err.splitlines())), (wanted, "", 1), "%s: %s" % (arguments, err))
    same(users.read_bytes(), before)
    same([passwd(users, "long", stdin="x" * 72)[0], passwd("--digest", users, "long", stdin="x" * 255)[0]], [0, 0])


def together(users):
    users.write_text("")
    same(parallel(8, lambda i: passwd("--digest", users, "user%d" % i)[0]), [0] * 8)
    same(sorted(line.split(":")[0] for line in users.read_text().splitlines()), ["user%d" % i for i in range(8)])


def faults(t, users):
    """Each sync, rename and change of owner or mode fails in turn."""
    control, calls = t.parent / "control", 1 << 4 | 1 << 6 | 1 << 11
    library = os.path.join(os.path.dirname(slow_lib()), "fail.so")
    users.write_text("ann:old\n")
    for nth in range(1, 20):
        control.write_bytes(struct.pack("=6I232s", nth, calls, errno.EIO, 0, 0, 0, os.fsencode(t)))
        before = users.read_bytes()
        preload = " ".join(filter(None, [os.environ.get("HOLDFAST_PRELOAD"), library]))
        status, out, err = run_program("passwd", "--digest", str(users), "ann", stdin="new%d\n" % nth,
                                       env={**os.environ, "LD_PRELOAD": preload, "HOLDFAST_FAIL": str(control)})
        struck = struct.unpack_from("=I", control.read_bytes(), 20)[0]
        same(os.listdir(t), ["users"], "strays")
        if not struck:
            break
        same((status, err), (1, "holdfast: cannot change %s: Input/output error\n" % users))
        same(users.read_bytes() == before or passwd("--check", users, "ann", stdin="new%d\n" % nth)[0] == 0, True)
    same(status, 0)
    within(nth - 1, 3, 10, "calls that failed: the file's mode, its sync, the rename, the folder's sync")


with temporary() as top:
    folder = top / "folder"
    folder.mkdir()
    file = folder / "users"
    others_stay(folder, file)
    kinds(file)
    together(file)
    faults(folder, file)
    same(os.listdir(folder), ["users"])
    typed_in = top / "typed"
    typed_in.mkdir()
    typed(typed_in, typed_in / "users")
