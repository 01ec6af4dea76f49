/*
 * The refusal is one send into a buffer that is empty yet, so nobody waits for whom it concerns. It must not be
 * destroyed by a reset, as it would where the request is there already and is never read: linger sees to that.
 */
#include "src/admission.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "src/conncount.h"
#include "src/limitlog.h"
#include "src/linger.h"

struct admission {
    struct conncount *count;
    struct linger_set *linger;
    unsigned descriptors; /* that the process may have */
};

int admission_open(struct linger_set *linger, struct admission **out)
{
    struct rlimit files;
    struct admission *admission = calloc(1, sizeof *admission);
    if (!admission)
        return ENOMEM;
    int error = getrlimit(RLIMIT_NOFILE, &files) == 0 ? conncount_open(&admission->count) : errno;
    if (error) {
        free(admission);
        return error;
    }
    admission->linger = linger;
    admission->descriptors = files.rlim_cur < UINT_MAX ? (unsigned)files.rlim_cur : UINT_MAX;
    *out = admission;
    return 0;
}

void admission_close(struct admission *admission)
{
    if (!admission)
        return;
    conncount_close(admission->count);
    free(admission);
}

static void send_away(struct admission *admission, const struct admission_visitor *visitor,
                      const struct address *address, const char *limit)
{
    static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                  "Connection: close\r\n"
                                  "Retry-After: 5\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Length: 32\r\n\r\n"
                                  "There are too many connections.\n";
    char client[INET6_ADDRSTRLEN];

    limitlog_met(limit, address_text(address, client));
    if (!visitor->is_tls &&
        send(visitor->socket, refusal, sizeof refusal - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        linger_take(admission->linger, visitor->socket);
    close(visitor->socket);
}

/* What is no Internet address is a socket of this machine's: all of them are one. */
static struct address address_of(const struct sockaddr *socket)
{
    struct address address;
    memset(&address, 0, sizeof address);
    (void)address_of_socket(socket, &address);
    return address;
}

/* Has it a bound of its own? A proxy that we trust speaks for many, and unless a number was given nor has this machine,
 * where proxies live. */
static bool is_bounded(const struct options *options, const struct sockaddr *socket,
                       const struct address *address)
{
    struct address any;
    if (!address_of_socket(socket, &any) || address_is_in(address, &options->trusted_proxies))
        return false;
    return options->limits.connections_per_address || !address_is_loopback(address);
}

bool admission_enter(struct admission *admission, const struct options *options,
                     const struct admission_visitor *visitor)
{
    const struct address address = address_of(visitor->address);
    unsigned all = limits_connections(&options->limits, admission->descriptors);
    bool has_bound = is_bounded(options, visitor->address, &address);
    unsigned per_address = has_bound ? limits_per_address(&options->limits, all) : all;
    const char *met = conncount_take(admission->count, &address, all, per_address);

    if (met)
        send_away(admission, visitor, &address, met);
    return !met;
}

void admission_leave(struct admission *admission, const struct sockaddr *socket)
{
    const struct address address = address_of(socket);
    conncount_give_back(admission->count, &address);
}
