/*
 * Makes chosen system calls slow, for tests of what happens meanwhile. To be preloaded:
 *
 *   LD_PRELOAD=slow.so HOLDFAST_SLOW=renameat2=500,copy_file_range=20 HOLDFAST_SLOW_MATCH=slow holdfast ...
 *
 * HOLDFAST_SLOW names calls and milliseconds; each such call sleeps that long before it is made.
 * HOLDFAST_SLOW_MATCH, if set, limits that to calls on something whose path contains the text: the
 * path given, or what the descriptor is open on. HOLDFAST_SLOW_GATE, if set, names a file: a matching
 * call waits until that file is there, however long that takes (and no longer than the milliseconds,
 * if these are not 0), so that a test can stop the program at a certain point and kill it there.
 * HOLDFAST_SLOW_MARK, if set, names a file that is made when the first matching call begins.
 *
 * Calls through libc's wrappers and through syscall() are both met. A call is known under the name of
 * the wrapper; variants that do the same (rename and renameat2, pread and read) go under one name.
 * readdir counts as getdents64, though not each one makes a system call.
 *
 * No locks and no memory: it runs in any thread. The environment is read once, before main.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "tests/preload/real.h"

enum call {
    RENAMEAT2,
    LINKAT,
    UNLINKAT,
    MKDIRAT,
    OPENAT,
    OPENAT2,
    STATX,
    GETDENTS64,
    COPY_FILE_RANGE,
    SENDFILE,
    FICLONE,
    READ,
    WRITE,
    FSYNC,
    FDATASYNC,
    SYNCFS,
    SETXATTR,
    CALLS
};

static const char *const names[CALLS] = {
    "renameat2", "linkat",     "unlinkat",        "mkdirat",  "openat",   "openat2",
    "statx",     "getdents64", "copy_file_range", "sendfile", "ficlone",  "read",
    "write",     "fsync",      "fdatasync",       "syncfs",   "setxattr",
};

static long delay_ms[CALLS]; /* -1: not slow */
static const char *match, *gate, *mark;

static long (*real_syscall)(long number, ...);

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("HOLDFAST_SLOW");

    real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    match = getenv("HOLDFAST_SLOW_MATCH");
    gate = getenv("HOLDFAST_SLOW_GATE");
    mark = getenv("HOLDFAST_SLOW_MARK");
    for (int i = 0; i < CALLS; i++) {
        size_t len = strlen(names[i]);
        delay_ms[i] = -1;
        for (const char *p = text; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
            if (!strncmp(p, names[i], len) && p[len] == '=')
                delay_ms[i] = strtol(p + len + 1, NULL, 10);
    }
}

static void sleep_ms(long ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static int fd_matches(int fd)
{
    char link[32], path[PATH_MAX];
    long len;

    if (fd < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return 0;
    path[len] = '\0';
    return strstr(path, match) != NULL;
}

static void wait_at_gate(long limit_ms)
{
    long waited = 0;

    while (access(gate, F_OK) != 0 && (limit_ms == 0 || waited < limit_ms)) {
        sleep_ms(5);
        waited += 5;
    }
}

/* Sleeps if the call is slow and on something that matches. */
static void slow(enum call call, int fd, const char *path, int fd2, const char *path2)
{
    int saved = errno;

    if (delay_ms[call] < 0)
        return;
    if (match && !(path && strstr(path, match)) && !(path2 && strstr(path2, match)) && !fd_matches(fd) &&
        !fd_matches(fd2)) {
        errno = saved;
        return;
    }
    if (mark) {
        int made = (int)real_syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (made >= 0)
            close(made);
    }
    if (gate)
        wait_at_gate(delay_ms[call]);
    else
        sleep_ms(delay_ms[call]);
    errno = saved;
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
    switch (number) {
    case SYS_renameat2:
        slow(RENAMEAT2, (int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3]);
        break;
    case SYS_linkat:
        slow(LINKAT, (int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3]);
        break;
    case SYS_unlinkat:
        slow(UNLINKAT, (int)a[0], (const char *)a[1], -1, NULL);
        break;
    case SYS_mkdirat:
        slow(MKDIRAT, (int)a[0], (const char *)a[1], -1, NULL);
        break;
    case SYS_openat2:
        slow(OPENAT2, (int)a[0], (const char *)a[1], -1, NULL);
        break;
    case SYS_statx:
        slow(STATX, (int)a[0], (const char *)a[1], -1, NULL);
        break;
    case SYS_getdents64:
        slow(GETDENTS64, (int)a[0], NULL, -1, NULL);
        break;
    case SYS_copy_file_range:
        slow(COPY_FILE_RANGE, (int)a[0], NULL, (int)a[2], NULL);
        break;
    case SYS_syncfs:
        slow(SYNCFS, (int)a[0], NULL, -1, NULL);
        break;
    default:
        break;
    }
    return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    slow(OPENAT, fd, path, -1, NULL);
    return REAL(openat)(fd, path, flags, mode);
}

int rename(const char *from, const char *to)
{
    slow(RENAMEAT2, -1, from, -1, to);
    return REAL(rename)(from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    slow(RENAMEAT2, from_fd, from, to_fd, to);
    return REAL(renameat)(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    slow(RENAMEAT2, from_fd, from, to_fd, to);
    return REAL(renameat2)(from_fd, from, to_fd, to, flags);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    slow(LINKAT, from_fd, from, to_fd, to);
    return REAL(linkat)(from_fd, from, to_fd, to, flags);
}

int unlinkat(int fd, const char *name, int flags)
{
    slow(UNLINKAT, fd, name, -1, NULL);
    return REAL(unlinkat)(fd, name, flags);
}

int mkdirat(int fd, const char *name, mode_t mode)
{
    slow(MKDIRAT, fd, name, -1, NULL);
    return REAL(mkdirat)(fd, name, mode);
}

int statx(int fd, const char *name, int flags, unsigned mask, struct statx *out)
{
    slow(STATX, fd, name, -1, NULL);
    return REAL(statx)(fd, name, flags, mask, out);
}

int fstatat(int fd, const char *name, struct stat *out, int flags)
{
    slow(STATX, fd, name, -1, NULL);
    return REAL(fstatat)(fd, name, out, flags);
}

struct dirent *readdir(DIR *dir)
{
    slow(GETDENTS64, dirfd(dir), NULL, -1, NULL);
    return REAL(readdir)(dir);
}

ssize_t getdents64(int fd, void *buffer, size_t size)
{
    slow(GETDENTS64, fd, NULL, -1, NULL);
    return REAL(getdents64)(fd, buffer, size);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t len, unsigned flags)
{
    slow(COPY_FILE_RANGE, from, NULL, to, NULL);
    return REAL(copy_file_range)(from, from_at, to, to_at, len, flags);
}

ssize_t sendfile(int to, int from, off_t *from_at, size_t len)
{
    slow(SENDFILE, from, NULL, -1, NULL);
    return REAL(sendfile)(to, from, from_at, len);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    void *argument;

    va_start(list, request);
    argument = va_arg(list, void *);
    va_end(list);
    if (request == FICLONE_REQUEST)
        slow(FICLONE, fd, NULL, (int)(long)argument, NULL);
    return REAL(ioctl)(fd, request, argument);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    slow(READ, fd, NULL, -1, NULL);
    return REAL(read)(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t at)
{
    slow(READ, fd, NULL, -1, NULL);
    return REAL(pread)(fd, buffer, size, at);
}

ssize_t write(int fd, const void *data, size_t size)
{
    slow(WRITE, fd, NULL, -1, NULL);
    return REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    slow(WRITE, fd, NULL, -1, NULL);
    return REAL(pwrite)(fd, data, size, at);
}

int fsync(int fd)
{
    slow(FSYNC, fd, NULL, -1, NULL);
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    slow(FDATASYNC, fd, NULL, -1, NULL);
    return REAL(fdatasync)(fd);
}

int syncfs(int fd)
{
    slow(SYNCFS, fd, NULL, -1, NULL);
    return REAL(syncfs)(fd);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    slow(SETXATTR, fd, NULL, -1, NULL);
    return REAL(fsetxattr)(fd, name, value, size, flags);
}
