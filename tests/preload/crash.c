/*
 * Kills the program at a chosen system call, for tests of what a crash leaves behind. To be preloaded:
 *
 *   LD_PRELOAD=crash.so HOLDFAST_CRASH=control holdfast ...
 *
 * HOLDFAST_CRASH names a file of four 64-bit numbers, which stays mapped, so that a test reads and writes it
 * while the program runs. The first is a countdown: each call that changes something on disk takes one off
 * until it is 0, and the one that makes it 0 is not made: the process gets a SIGKILL instead. The second
 * counts such calls, always. The third must be 1 for the SIGKILL, and is how a test disarms; should the last
 * call come at that moment, the fourth becomes 1 if it was spared. So a test that arms 1, 2, 3 ... dies
 * before each of them in turn, and that is also after each one before it.
 *
 * What counts: names made, removed and renamed, attributes, modes and times, lengths, syncs, and writes to
 * regular files (the database's as well; not to standard error, where the log goes).
 *
 * No locks and no memory: it runs in any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/preload/real.h"

static struct control {
    _Atomic long long countdown;
    _Atomic long long count;
    _Atomic long long is_armed;
    _Atomic long long is_spared;
} * control;

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("HOLDFAST_CRASH");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        control = map;
}

/* Several threads may pass at once; exactly one of them takes the last one off. */
static void step(void)
{
    if (!control)
        return;
    atomic_fetch_add(&control->count, 1);
    long long left = atomic_load(&control->countdown);
    while (left > 0 && !atomic_compare_exchange_weak(&control->countdown, &left, left - 1))
        ;
    if (left != 1)
        return;
    if (!atomic_load(&control->is_armed)) {
        atomic_store(&control->is_spared, 1);
        return;
    }
    kill(getpid(), SIGKILL);
    for (;;) /* not another step */
        pause();
}

static void step_file(int fd)
{
    struct stat st;

    if (fd > STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        step();
}

/* WRAP(int, fsync, (int fd), (fd)) */
#define WRAP(type, name, parameters, arguments)                                                              \
    type name parameters                                                                                     \
    {                                                                                                        \
        step();                                                                                              \
        return REAL(name) arguments;                                                                         \
    }

#define WRAP_FILE(type, name, parameters, arguments)                                                         \
    type name parameters                                                                                     \
    {                                                                                                        \
        step_file(fd);                                                                                       \
        return REAL(name) arguments;                                                                         \
    }

WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
WRAP(int, renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
     (from_fd, from, to_fd, to, flags))
WRAP(int, linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags),
     (from_fd, from, to_fd, to, flags))
WRAP(int, unlink, (const char *name), (name))
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
WRAP(int, mkdir, (const char *name, mode_t mode), (name, mode))
WRAP(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode))
WRAP(int, rmdir, (const char *name), (name))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, syncfs, (int fd), (fd))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),
     (fd, name, value, size, flags))
WRAP(int, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
     (path, name, value, size, flags))
WRAP(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
     (path, name, value, size, flags))
WRAP(int, fremovexattr, (int fd, const char *name), (fd, name))
WRAP(int, lremovexattr, (const char *path, const char *name), (path, name))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchmodat, (int fd, const char *name, mode_t mode, int flags), (fd, name, mode, flags))
WRAP(int, utimensat, (int fd, const char *name, const struct timespec times[2], int flags),
     (fd, name, times, flags))
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(ssize_t, copy_file_range,
     (int from, off64_t *from_at, int to, off64_t *to_at, size_t len, unsigned flags),
     (from, from_at, to, to_at, len, flags))
WRAP_FILE(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP_FILE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRAP_FILE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    void *argument;

    va_start(list, request);
    argument = va_arg(list, void *);
    va_end(list);
    if (request == FICLONE_REQUEST)
        step();
    return REAL(ioctl)(fd, request, argument);
}

/* Where libc has no wrapper. */
long syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    read_arguments(list, a);
    va_end(list);
    switch (number) {
    case SYS_renameat2:
    case SYS_linkat:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_copy_file_range:
    case SYS_syncfs:
        step();
        break;
    default:
        break;
    }
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
