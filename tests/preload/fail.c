/*
 * Makes the n-th of chosen calls fail, for tests of what is left then. To be preloaded:
 *
 *   LD_PRELOAD=fail.so HOLDFAST_FAIL=control holdfast ...
 *
 * `control` is a file that holds struct control; the test has it mapped as well, and says there, while the
 * program runs, which calls count (bits, in the order of enum call), on what (a path that contains the text:
 * the one given, or what the descriptor is open on), which one of them fails, with what errno, and whether
 * all later ones fail too. Errno 0: the call is made, a write or copy with half of its bytes. nth 0: none.
 *
 * A close that fails has closed. Other calls that fail are not made. Calls through libc's wrappers and through
 * syscall() are both met; variants that do the same go under one name.
 *
 * No locks and no memory: it runs in any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/preload/real.h"

/* In this order in tests/wire/faultlib.py. */
enum call {
    OPEN,
    READ,
    WRITE,
    COPY,
    SYNC,
    LINK,
    RENAME,
    UNLINK,
    MKDIR,
    SETXATTR,
    GETXATTR,
    SETMETA,
    TRUNCATE,
    STAT,
    GETDENTS,
    CLOSE
};

struct control {
    atomic_uint nth, calls, error, persists;
    atomic_uint count, struck; /* told by us */
    char match[232];
};

static struct control *control;

static long (*real_syscall)(long number, ...);

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("HOLDFAST_FAIL");

    real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    if (!path)
        return;
    int fd = (int)real_syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *at =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    real_syscall(SYS_close, fd);
    control = at;
}

static int fd_matches(int fd)
{
    char link[32], path[PATH_MAX];

    if (fd < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = real_syscall(SYS_readlink, link, path, sizeof path - 1);
    if (len < 0)
        return 0;
    path[len] = '\0';
    return strstr(path, control->match) != NULL;
}

/* Is this the one? Then errno is set. `path` as given, where it is absolute: others hang on the descriptor. */
static int strikes(enum call call, int fd, const char *path)
{
    int saved = errno;

    if (!control || !atomic_load(&control->nth) || !(atomic_load(&control->calls) >> call & 1))
        return 0;
    int matches = path && *path == '/' ? strstr(path, control->match) != NULL : fd_matches(fd);
    errno = saved;
    if (!matches)
        return 0;
    unsigned count = atomic_fetch_add(&control->count, 1) + 1, nth = atomic_load(&control->nth);
    if (count != nth && !(atomic_load(&control->persists) && count > nth))
        return 0;
    atomic_fetch_add(&control->struck, 1);
    errno = (int)atomic_load(&control->error);
    return 1;
}

static int fails(enum call call, int fd, const char *path)
{
    return strikes(call, fd, path) && errno;
}

/* How many bytes are to be written; -1: none, it fails. */
static ssize_t allowed(enum call call, int fd, size_t size)
{
    if (!strikes(call, fd, NULL))
        return (ssize_t)size;
    return errno ? -1 : (ssize_t)(size - size / 2);
}

static int fails_by_number(long number, const long *a)
{
    const char *path = (const char *)a[1];

    switch (number) {
    case SYS_openat2:
        return fails(OPEN, (int)a[0], path);
    case SYS_statx:
        return fails(STAT, (int)a[0], path);
    case SYS_renameat2:
        return fails(RENAME, (int)a[0], path);
    case SYS_linkat:
        return fails(LINK, (int)a[2], (const char *)a[3]);
    case SYS_getdents64:
        return fails(GETDENTS, (int)a[0], NULL);
    case SYS_syncfs:
        return fails(SYNC, (int)a[0], NULL);
#ifdef SYS_getxattrat
    case SYS_getxattrat:
        return fails(GETXATTR, (int)a[0], path);
#endif
#ifdef SYS_setxattrat
    case SYS_setxattrat:
        return fails(SETXATTR, (int)a[0], path);
#endif
    default:
        return 0;
    }
}

long syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    read_arguments(list, a);
    va_end(list);
    if (!real_syscall)
        real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return fails_by_number(number, a) ? -1 : real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The mode is there only if something may be made. */
static mode_t mode_of(int flags, va_list list)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN, fd, path) ? -1 : REAL(openat)(fd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN, -1, path) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN, -1, path) ? -1 : REAL(open64)(path, flags, mode);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    return fails(READ, fd, NULL) ? -1 : REAL(read)(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t at)
{
    return fails(READ, fd, NULL) ? -1 : REAL(pread)(fd, buffer, size, at);
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t at)
{
    return fails(READ, fd, NULL) ? -1 : REAL(pread64)(fd, buffer, size, at);
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t part = allowed(WRITE, fd, size);
    return part < 0 ? -1 : REAL(write)(fd, data, (size_t)part);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    ssize_t part = allowed(WRITE, fd, size);
    return part < 0 ? -1 : REAL(pwrite)(fd, data, (size_t)part, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    ssize_t part = allowed(WRITE, fd, size);
    return part < 0 ? -1 : REAL(pwrite64)(fd, data, (size_t)part, at);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    ssize_t part = fails(READ, from, NULL) ? -1 : allowed(COPY, to, size);
    return part < 0 ? -1 : REAL(copy_file_range)(from, from_at, to, to_at, (size_t)part, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;

    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (request == FICLONE_REQUEST && (fails(READ, (int)(long)argument, NULL) || fails(COPY, fd, NULL)))
        return -1;
    return REAL(ioctl)(fd, request, argument);
}

int fsync(int fd)
{
    return fails(SYNC, fd, NULL) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails(SYNC, fd, NULL) ? -1 : REAL(fdatasync)(fd);
}

int syncfs(int fd)
{
    return fails(SYNC, fd, NULL) ? -1 : REAL(syncfs)(fd);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return fails(LINK, to_fd, to) ? -1 : REAL(linkat)(from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails(RENAME, from_fd, from) ? -1 : REAL(renameat)(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return fails(RENAME, from_fd, from) ? -1 : REAL(renameat2)(from_fd, from, to_fd, to, flags);
}

int unlinkat(int fd, const char *name, int flags)
{
    return fails(UNLINK, fd, name) ? -1 : REAL(unlinkat)(fd, name, flags);
}

int mkdirat(int fd, const char *name, mode_t mode)
{
    return fails(MKDIR, fd, name) ? -1 : REAL(mkdirat)(fd, name, mode);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return fails(SETXATTR, fd, NULL) ? -1 : REAL(fsetxattr)(fd, name, value, size, flags);
}

/* The path is /proc/self/fd/N/name: what matters is N. */
static int proc_fd(const char *path)
{
    int fd;
    return sscanf(path, "/proc/self/fd/%d", &fd) == 1 ? fd : -1;
}

int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    return fails(SETXATTR, proc_fd(path), NULL) ? -1 : REAL(lsetxattr)(path, name, value, size, flags);
}

int fremovexattr(int fd, const char *name)
{
    return fails(SETXATTR, fd, NULL) ? -1 : REAL(fremovexattr)(fd, name);
}

int lremovexattr(const char *path, const char *name)
{
    return fails(SETXATTR, proc_fd(path), NULL) ? -1 : REAL(lremovexattr)(path, name);
}

ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
    return fails(GETXATTR, fd, NULL) ? -1 : REAL(fgetxattr)(fd, name, value, size);
}

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    return fails(GETXATTR, proc_fd(path), NULL) ? -1 : REAL(lgetxattr)(path, name, value, size);
}

int fchmod(int fd, mode_t mode)
{
    return fails(SETMETA, fd, NULL) ? -1 : REAL(fchmod)(fd, mode);
}

int fchmodat(int fd, const char *name, mode_t mode, int flags)
{
    return fails(SETMETA, fd, name) ? -1 : REAL(fchmodat)(fd, name, mode, flags);
}

int fchownat(int fd, const char *name, uid_t uid, gid_t gid, int flags)
{
    return fails(SETMETA, fd, name) ? -1 : REAL(fchownat)(fd, name, uid, gid, flags);
}

int futimens(int fd, const struct timespec times[2])
{
    return fails(SETMETA, fd, NULL) ? -1 : REAL(futimens)(fd, times);
}

int utimensat(int fd, const char *name, const struct timespec times[2], int flags)
{
    return fails(SETMETA, fd, name) ? -1 : REAL(utimensat)(fd, name, times, flags);
}

int ftruncate(int fd, off_t size)
{
    return fails(TRUNCATE, fd, NULL) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(TRUNCATE, fd, NULL) ? -1 : REAL(ftruncate64)(fd, size);
}

int statx(int fd, const char *name, int flags, unsigned mask, struct statx *out)
{
    return fails(STAT, fd, name) ? -1 : REAL(statx)(fd, name, flags, mask, out);
}

ssize_t getdents64(int fd, void *buffer, size_t size)
{
    return fails(GETDENTS, fd, NULL) ? -1 : REAL(getdents64)(fd, buffer, size);
}

int close(int fd)
{
    int is_failure = fails(CLOSE, fd, NULL), error = errno;
    int result = REAL(close)(fd);

    if (!is_failure)
        return result;
    errno = error;
    return -1;
}
