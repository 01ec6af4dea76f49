#!/usr/bin/env python3
"""A service manager passes sockets, and is told: ready, reloading, stopping, alive."""
import shutil
import socket

from holdfast import *
from pki import *


class Manager:
    """The socket of sd_notify, and what came there."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(20 * PATIENCE)
        self.socket.bind(name.replace("@", "\0"))
        self.name, self.beats = name, 0

    def next(self):
        """The next that is no sign of life, as a dict."""
        while True:
            text = self.socket.recv(4096).decode()
            if text != "WATCHDOG=1":
                return dict(line.split("=", 1) for line in text.split("\n"))
            self.beats += 1


class Managed(Server):
    def __init__(self, manager, *options, more=(), **keywords):
        super().__init__(*options, **keywords)
        self.more = {"NOTIFY_SOCKET": manager.name, **dict(more)}

    def environment(self):
        return {**super().environment(), **self.more}


with temporary() as t:
    for name in (str(t / "socket"), "@holdfast-test-%d" % os.getpid()):
        manager = Manager(name)
        with Managed(manager, more={"WATCHDOG_USEC": "100000"}) as s:
            told = manager.next()
            same(told["READY"], "1")
            same(s.url in told["STATUS"], True, told)
            s.alive()
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            s.process.send_signal(signal.SIGHUP)
            told = manager.next()
            same(told["RELOADING"], "1")
            within(int(told["MONOTONIC_USEC"]), before, time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, "time")
            same(manager.next()["READY"], "1")
            for _ in range(3):
                same(manager.socket.recv(100), b"WATCHDOG=1")
            s.process.send_signal(signal.SIGTERM)
            same(manager.next()["STOPPING"], "1")
            same(s.wait(), 0)

    # A watchdog for somebody else, and a manager that is gone: no reason not to serve.
    manager = Manager(str(t / "other"))
    with Managed(manager, more={"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) as s:
        manager.next()
        s.alive()
        s.process.send_signal(signal.SIGTERM)
        manager.next()
        same(manager.beats, 0)
        same(s.wait(), 0)
    for gone in ("/nowhere/at/all", "nonsense", "@"):
        with Managed(manager, more={"NOTIFY_SOCKET": gone}) as s:
            s.alive()
            same(s.log().count("cannot tell the service manager"), 1)

    # Sockets that were bound before.
    ca = Authority(t, "CA")
    cert, key = ca.issue("server")
    activate = shutil.which("systemd-socket-activate")
    if not activate:
        skip("no systemd-socket-activate: sockets were not passed")

    def free():
        with socket.create_server(("127.0.0.1", 0)) as found:
            return found.getsockname()[1]

    (t / "root").mkdir()
    first, second, third = free(), free(), free()
    command = [activate]
    for port in (first, second, third):
        command += ["-l", "127.0.0.1:%d" % port]
    command += ["--fdname=web:more:redirect"] + program() + ["serve", "--state", str(t / "state"), "--tls-cert",
                                                             str(cert), "--tls-key", str(key), "--anonymous", "write",
                                                             str(t / "root")]
    with open(t / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        eventually(lambda: (t / "log").read_text().count("Listening on") == 3, "it listens")
        socket.create_connection(("127.0.0.1", first)).close()  # that starts it
        same(sorted(process.stdout.readline().split("https://")[1] for _ in range(2)),
             sorted("127.0.0.1:%d/\n" % port for port in (first, second)))
        for port in (first, second):
            with Connection("127.0.0.1", port, tls=True) as c:
                same(c.request("OPTIONS", "/").status, (200, 204))
        with Connection("127.0.0.1", third) as c:
            answer = c.request("GET", "/x")
            same((answer.status, answer.get("location")), (308, "https://127.0.0.1:%d/x" % first))
    finally:
        process.terminate()
        same(process.wait(20 * PATIENCE), 0)

    # A redirect leads to https.
    with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
        script = "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:redirect exec \"$@\" 3<&%d 4<&%d" % (a.fileno(), b.fileno())
        done = subprocess.run(["bash", "-c", script, "sh"] + program() + ["serve", "--anonymous", "read", "--state",
                              str(t / "state"), str(t / "root")], capture_output=True, text=True, timeout=20 * PATIENCE,
                              pass_fds=(a.fileno(), b.fileno()))
        same((done.returncode, "needs --tls-cert" in done.stderr), (1, True), done.stderr)

    # Descriptors that are no sockets of ours are refused.
    script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3</dev/null"
    for arguments, code, words in ((["--anonymous", "read"], 1, "descriptor 3 of the service manager does not listen"),
                                   ([], 2, "without --users anybody on the network")):
        done = subprocess.run(["sh", "-c", script, "sh"] + program() + ["serve", "--state", str(t / "state")] +
                              arguments + [str(t / "root")], capture_output=True, text=True)
        same((done.returncode, words in done.stderr), (code, True), done.stderr)
