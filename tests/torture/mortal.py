"""A Holdfast that dies at a chosen call (tests/preload/crash.c), or when somebody kills it."""
import mmap
import os
import struct
import tempfile
import time

from holdfast import Path, Server, same, skip, slow_lib

KILLED = -9


def crash_lib():
    path = Path(slow_lib()).with_name("crash.so")
    if not path.exists():
        skip("no crash.so")
    return str(path)


class Mortal(Server):
    def __init__(self, *options, **more):
        super().__init__("--log-level", "warning", *options, **more)
        self.control_path = self.temp / "control"
        self.control_path.write_bytes(bytes(32))
        with open(self.control_path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 32)
        self.deaths, self.deaths_in_recovery, self.is_armed = 0, 0, False

    def environment(self):
        env = super().environment()
        env["LD_PRELOAD"] = " ".join(filter(None, [os.environ.get("HOLDFAST_PRELOAD"), crash_lib()]))
        env["HOLDFAST_CRASH"] = str(self.control_path)
        return env

    def tell(self):
        if not (self.process and self.is_dead(1)):
            super().tell()

    # ---- its end ----

    def put(self, at, number):
        struct.pack_into("q", self.control, 8 * at, number)

    def get(self, at):
        return struct.unpack_from("q", self.control, 8 * at)[0]

    def arm(self, calls):
        """It dies at this call from now on, counted from 1; 0: not at all, if nothing goes on in it."""
        self.put(0, 0)
        self.put(2, 1)
        self.put(3, 0)
        self.put(0, calls)
        self.is_armed = calls > 0

    def disarm(self):
        """While it may be at work. False if that was too late: it is dead."""
        self.put(2, 0)
        if self.is_armed and self.get(0) == 0:  # it dies at this moment, or has been spared
            while not self.is_dead() and not self.get(3):
                time.sleep(0.0005)
        self.put(0, 0)
        self.is_armed = False
        return not self.is_dead()

    def calls(self):
        """How many calls that change something it has made since the first start."""
        return self.get(1)

    def is_dead(self, seconds=0.0):
        """Was it killed, or is it within that time? What else may have ended it is found by others."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() >= end:
                return False
            time.sleep(0.0005)
        return self.process.returncode == KILLED

    def die(self):
        """From outside."""
        self.process.kill()
        self.died()

    def died(self):
        same(self.process.wait(), KILLED, "how it ended")
        self.process.stdout.close()
        self.arm(0)
        self.deaths += 1

    # ---- and its next life ----

    def start_or_die(self, calls):
        """True if it came up and lives, though it was to die at this call."""
        self.arm(calls)
        try:
            self.start()
        except AssertionError:
            if not self.is_dead():
                raise
            self.died()
            self.deaths_in_recovery += 1
            return False
        if self.disarm():
            return True
        self.died()
        self.deaths_in_recovery += 1
        return False

    def revive(self, moments=()):
        """Starts it again; it may die at each of these calls of its recovery first."""
        for calls in moments:
            if self.start_or_die(calls):
                return
        self.arm(0)
        self.start()


def scratch():
    """Where to work: in memory if there is such a place and it keeps extended attributes, for disks are slow."""
    for path in filter(None, [os.environ.get("TMPDIR"), "/dev/shm", "/tmp"]):
        try:
            with tempfile.NamedTemporaryFile(dir=path) as file:
                os.setxattr(file.name, "user.test", b"1")
            return path
        except OSError:
            continue
    return None
