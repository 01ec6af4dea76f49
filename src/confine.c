/*
 * Landlock's numbers are promised to stay, and newer kernels know more of them than the headers of an older system:
 * they are all here. A right that the kernel does not know may not be asked for, so what is handled is cut down to
 * its version (the "best effort" of landlock(7)).
 */
#include "src/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/syscalls.h"

enum {
    RIGHT_EXECUTE = 1 << 0,
    RIGHT_WRITE_FILE = 1 << 1,
    RIGHT_READ_FILE = 1 << 2,
    RIGHT_READ_DIR = 1 << 3,
    RIGHT_MAKE_CHAR = 1 << 6,
    RIGHT_MAKE_REG = 1 << 8,
    RIGHT_MAKE_BLOCK = 1 << 11,
    RIGHT_TRUNCATE = 1 << 14,
    RIGHT_IOCTL_DEV = 1 << 15,
};

#define OF_FILES (RIGHT_EXECUTE | RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL_DEV)
#define DEVICES  (RIGHT_MAKE_CHAR | RIGHT_MAKE_BLOCK | RIGHT_IOCTL_DEV)

#define NET_TCP   3 /* bind and connect */
#define SCOPE_ALL 3 /* abstract sockets of others, and signals to others */

/* Before the second, nothing could be moved from folder to folder. */
#define LEAST_VERSION 2

struct ruleset {
    uint64_t files, net, scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static long create(const struct ruleset *ruleset, size_t size, unsigned flags)
{
    return syscall(SYS_landlock_create_ruleset, ruleset, size, flags);
}

/* The rights of each version, from the first. */
static uint64_t rights_of(long version)
{
    static const unsigned char counts[] = { 0, 13, 14, 15, 15, 16 };
    const long newest = sizeof counts - 1;

    return (UINT64_C(1) << counts[version < newest ? version : newest]) - 1;
}

static long version_of_kernel(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    return create(NULL, 0, 1);
#endif
}

bool confine_begin(struct confine *confine)
{
    *confine = (struct confine){ .ruleset = -1 };
    long version = version_of_kernel();
    if (version < LEAST_VERSION)
        return false;
    confine->handled = rights_of(version);
    const struct ruleset ruleset = { .files = confine->handled,
                                     .net = version >= 4 ? NET_TCP : 0,
                                     .scoped = version >= 6 ? SCOPE_ALL : 0 };
    size_t size = version >= 6   ? sizeof ruleset
                  : version >= 4 ? offsetof(struct ruleset, scoped)
                                 : offsetof(struct ruleset, net);
    confine->ruleset = (int)create(&ruleset, size, 0);
    return confine->ruleset >= 0;
}

void confine_allow(struct confine *confine, const char *path, enum confine_access access)
{
    static const uint64_t rights[] = { [CONFINE_READ] = RIGHT_READ_FILE,
                                       [CONFINE_APPEND] = RIGHT_READ_FILE | RIGHT_WRITE_FILE | RIGHT_MAKE_REG,
                                       [CONFINE_ALL] = ~(uint64_t)(RIGHT_EXECUTE | DEVICES) };
    struct stat st;

    if (confine->ruleset < 0 || !path)
        return;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    struct beneath rule = { .allowed = rights[access] & confine->handled, .parent = fd };
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= OF_FILES;
    if (syscall(SYS_landlock_add_rule, confine->ruleset, 1, &rule, 0) != 0 && !confine->error)
        confine->error = errno;
    close(fd);
}

int confine_enforce(struct confine *confine)
{
    int error = confine->error;

    if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        error = errno;
    if (!error && confine->ruleset >= 0 && syscall(SYS_landlock_restrict_self, confine->ruleset, 0) != 0)
        error = errno;
    if (confine->ruleset >= 0)
        close(confine->ruleset);
    confine->ruleset = -1;
    return error ? error : syscalls_forbid();
}
