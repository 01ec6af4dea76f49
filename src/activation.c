/*
 * A socket of another kind would be served as far as it goes, and fail in odd places: it is refused at once.
 */
#include "src/activation.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 3

unsigned activation_count(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

    if (!pid || !count || strtoll(pid, NULL, 10) != (long long)getpid())
        return 0;
    long n = strtol(count, NULL, 10);
    return n > 0 && n <= ACTIVATION_MAX ? (unsigned)n : 0;
}

static const char *name_of(unsigned index, apr_pool_t *pool)
{
    const char *names = getenv("LISTEN_FDNAMES");

    for (; names && index > 0; index--) {
        names = strchr(names, ':');
        names += names != NULL;
    }
    return names ? apr_pstrmemdup(pool, names, strcspn(names, ":")) : "";
}

static bool has(int fd, int option, int wanted)
{
    int value;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

static bool is_tcp(int fd)
{
    return has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 1) &&
           (has(fd, SO_DOMAIN, AF_INET) || has(fd, SO_DOMAIN, AF_INET6));
}

int activation_take(unsigned index, apr_pool_t *pool, int *out_fd, const char **out_name,
                    const char **out_message)
{
    int fd = FIRST + (int)index;

    if (!is_tcp(fd)) {
        *out_message =
            apr_psprintf(pool, "the descriptor %d of the service manager does not listen for TCP", fd);
        return ENOTSOCK;
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        *out_message =
            apr_psprintf(pool, "the descriptor %d of the service manager: %s", fd, strerror(errno));
        return errno;
    }
    *out_fd = fd;
    *out_name = name_of(index, pool);
    return 0;
}
