"""Small disks for tests: mounted where mounting is allowed, filled, broken.

    with disk("ext4", 8, s.path("full")) as d:
        d.fill(leave=100000)
"""
import ctypes
import fcntl
import struct
import tempfile

from holdfast import *

__all__ = ["Disk", "KINDS", "disk"]

KINDS = ("tmpfs", "ext4")
EXT4_IOC_SHUTDOWN = 0x8004587d
NOLOGFLUSH = 2


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, (done.stderr.strip() or done.stdout.strip()).replace("\n", " ")


class Disk:
    def __init__(self, kind, megabytes, at):
        self.kind, self.megabytes, self.at = kind, megabytes, Path(at)
        self.image = None

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.forget()
            raise
        return self

    def __exit__(self, *_):
        self.unmount("-l")
        self.forget()

    def forget(self):
        if self.image:
            self.image.unlink(missing_ok=True)

    def make(self):
        self.at.mkdir(exist_ok=True)
        if self.kind == "ext4":
            with tempfile.NamedTemporaryFile(prefix="holdfast-test-", delete=False) as file:
                file.truncate(self.megabytes << 20)
            self.image = Path(file.name)
            status, why = run("mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256", "-E", "lazy_itable_init=0", str(self.image))
            if status:
                skip("no ext4 can be made: %s" % why)
        self.mount()
        if self.kind == "ext4":
            (self.at / "lost+found").rmdir()

    def mount(self):
        if self.kind == "tmpfs":
            status, why = run("mount", "-t", "tmpfs", "-o", "size=%dm,mode=755" % self.megabytes, "tmpfs", str(self.at))
        else:
            status, why = run("mount", "-o", "loop", str(self.image), str(self.at))
        if status:
            skip("may not mount: %s" % why)

    def unmount(self, *options):
        status, why = run("umount", *options, str(self.at))
        if status:
            fail("umount: %s" % why)

    def remount(self, how):
        status, why = run("mount", "-o", "remount," + how, str(self.at))
        if status:
            fail("remount: %s" % why)

    @property
    def filler(self):
        return self.at / "filler"

    def fill(self, leave=0):
        """Nothing but about so many bytes remains free."""
        block = b"\xff" * 65536
        with open(self.filler, "wb", buffering=0) as file:
            for size in (65536, 4096, 512):
                try:
                    while file.write(block[:size]) == size:
                        pass
                except OSError:
                    pass
            file.truncate(max(0, file.tell() - leave))
            os.fsync(file.fileno())

    def free(self):
        self.filler.unlink()
        self.sync()  # what was freed is there only after the journal's commit

    def sync(self):
        fd = os.open(self.at, os.O_RDONLY)
        ctypes.CDLL(None).syncfs(fd)
        os.close(fd)

    def cut_power(self):
        """From now on nothing reaches the disk, what is in memory only is lost; ext4 only."""
        fd = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("=I", NOLOGFLUSH))
        except OSError as error:
            skip("no shutdown of an ext4 here: %s" % error)
        finally:
            os.close(fd)


def disk(kind, megabytes, at):
    return Disk(kind, megabytes, at)
