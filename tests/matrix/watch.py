"""Counts from outside how often an operation was done, whatever the server says of itself: by inotify.

A change in Holdfast appears under its final name in one step. So the times that a name came or went in
the served folder are the times that an operation was done, and the times that the content of a copied
file was opened are the times that a copy was begun.

    with Watch(folder) as watch:
        watch.opened(folder / "tree" / "file")
        ...
        watch.read()
        watch.count(MOVED_TO | CREATED, "name"), watch.opens("file")

Nothing is read before read(): the kernel keeps 16,384 events, more than any trial makes.
"""
import ctypes
import os
import struct

OPENED, MOVED_FROM, MOVED_TO, CREATED, DELETED, OVERFLOW = 0x20, 0x40, 0x80, 0x100, 0x200, 0x4000
HEAD = struct.Struct("iIII")
libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    def __init__(self, folder):
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self.folder, self.files, self.events = None, {}, []
        self.folder = self.add(folder, MOVED_FROM | MOVED_TO | CREATED | DELETED)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def add(self, path, mask):
        number = libc.inotify_add_watch(self.fd, os.fsencode(str(path)), mask)
        if number < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", str(path))
        return number

    def opened(self, path):
        """From now on the openings of this file are counted, under its name."""
        self.files[self.add(path, OPENED)] = os.path.basename(str(path))

    def read(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                number, mask, _, size = HEAD.unpack_from(data, at)
                name = data[at + HEAD.size:at + HEAD.size + size].rstrip(b"\0").decode(errors="replace")
                at += HEAD.size + size
                if mask & OVERFLOW:
                    raise OSError("more events than the kernel keeps")
                self.events.append((mask, self.files.get(number, name)))

    def forget(self):
        """What happened so far does not count."""
        self.read()
        self.events.clear()

    def count(self, mask, name):
        return sum(1 for event, what in self.events if event & mask and what == name)

    def opens(self, name):
        return self.count(OPENED, name)
