"""What is measured on: the file system in memory, the trees in it, and whether a copy is one."""
import contextlib
import filecmp
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from generators import NotDone

MIB = 1 << 20
INODES = 8000000      # for five trees of a million files
LARGE_FILES = 20
LARGE_MIB = 50


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True).returncode == 0


@contextlib.contextmanager
def disk(wanted):
    """A folder on an ext4 in a file in memory: a real journal without a disk's noise. Where that may not be mounted,
    a tmpfs; where that neither, or where told to, a folder of what there is. Gives the folder, its description,
    and whether nobody else is on that file system."""
    path = Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir=wanted))
    data, mounts, label = path / "data", [], "the file system of %s" % path.parent
    data.mkdir()
    try:
        if not wanted and run("mount", "-t", "tmpfs", "-o", "size=90%,nr_inodes=0,mode=755", "tmpfs", path):
            mounts.append(path)
            data.mkdir()
            label = "tmpfs (an ext4 in a loop file could not be mounted)"
            if loop_ext4(path / "image", data):
                mounts.append(data)
                label = "ext4 in a loop file on tmpfs"
        os.chmod(path, 0o755)
        os.chmod(data, 0o755)
        yield data, label, bool(mounts)
    finally:
        for mount in reversed(mounts):
            unmount(mount)
        shutil.rmtree(path, ignore_errors=True)


def loop_ext4(image, where):
    """No table of inodes is written behind our back while we measure: neither now nor by the kernel's own thread."""
    with open(image, "wb") as f:
        f.truncate(14 << 30)
    return run("/sbin/mkfs.ext4", "-q", "-F", "-N", INODES, "-m", 0, "-E", "lazy_itable_init=1,nodiscard", image) and \
        run("mount", "-o", "loop,noinit_itable", image, where)


def unmount(path):
    for _ in range(50):
        if run("umount", path):
            return
        time.sleep(0.1)
    run("umount", "-l", path)


def remove(path):
    subprocess.run(["rm", "-rf", str(path)], check=True)


def make_tree(path, folders, files, size):
    for i in range(folders):
        inner = path / ("d%03d" % i)
        inner.mkdir(parents=True)
        make_files(inner, files, size)


def make_files(path, files, size):
    content = b"x" * size
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    for i in range(files):
        file = os.open("f%05d" % i, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=folder)
        if size:
            os.write(file, content)
        os.close(file)
    os.close(folder)


def make_large(path, mebibytes):
    piece = os.urandom(16 * MIB)
    with open(path, "wb") as f:
        for _ in range(0, mebibytes, 16):
            f.write(piece)
        f.truncate(mebibytes * MIB)


def prepare(o, roots):
    """The same in every server's folder and the yardsticks'. Large files are one inode for all: they are only read;
    what is large is made only for the measures that need it."""
    shared, names = o.data / "shared", {m.name for m in o.measures}
    (shared / "large").mkdir(parents=True)
    make_large(shared / "100m", 100 if "get-100m" in names else 0)
    make_large(shared / "1g", 1024 if "put-1g" in names else 0)
    for i in range(LARGE_FILES if "copy-large" in names else 0):
        make_large(shared / "large" / ("f%02d" % i), LARGE_MIB)
    huge = o.huge if names & {"move-huge", "delete-huge", "memory-listing"} else 0
    for root in roots:
        make_tree(root / "tree", 100, 100, 1024)
        make_tree(root / "huge", 100, huge // 100, 0)
        for name, files, size in (("many", 10000, 1), ("small", 100, 1), ("props", 100, 1), ("locks", 0, 0), ("puts", 0, 0)):
            (root / name).mkdir()
            make_files(root / name, files, size)
        (root / "1k").write_bytes(b"x" * 1024)
        os.link(shared / "100m", root / "100m")
        (root / "large").mkdir()
        for file in (shared / "large").iterdir():
            os.link(file, root / "large" / file.name)


def quiet(o):
    """Nothing of what was done before is left to be written."""
    subprocess.run(["sync", "-f", str(o.data)], check=True)


def check_copy(source, copied):
    """Whether all of a tree is there, in files of its own. Names with a dot are a server's own book-keeping."""
    for a in [e for e in os.scandir(source) if not e.name.startswith(".")]:
        b = copied / a.name
        try:
            have, wanted = b.stat(), a.stat()
        except OSError:
            raise NotDone("leaves %s out" % a.name)
        if a.is_dir():
            check_copy(Path(a.path), b)
        elif have.st_ino == wanted.st_ino:
            raise NotDone("makes hard links")
        elif have.st_size != wanted.st_size:
            raise NotDone("copies %s short" % a.name)
        elif a.name in ("f00000", "f00") and not filecmp.cmp(a.path, b, shallow=False):
            raise NotDone("copies %s wrong" % a.name)
