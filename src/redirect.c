/*
 * Here libmicrohttpd may accept by itself: there is one thread, no port 0 that must be told, and no request that lasts.
 */
#include "src/redirect.h"

#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/log.h"

#define HOST_MAX 255
#define MEMORY   (16 * 1024) /* request head and buffers of a connection; bounds the target */

struct redirect {
    struct MHD_Daemon *daemon;
    unsigned port;
    struct timer *timer;
    struct linger_set *linger;
};

/* A connection, from accept to close. */
struct visitor {
    struct alarm alarm; /* first: what ring() gets */
    struct timer *timer;
    int socket;
};

/* ---- where to ---- */

/* What a host may consist of, so that it is only a host: a name, or an address (RFC 3986 3.2.2). */
static size_t host_length(const char *host)
{
    if (*host == '[') {
        size_t len = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        return host[len] == ']' && len > 2 ? len + 1 : 0;
    }
    return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
}

/* A path and a query; only what may be in a header line. */
static bool is_good_target(const char *target)
{
    if (*target != '/')
        return false;
    for (const char *c = target; *c; c++)
        if (!isgraph((unsigned char)*c) || (unsigned char)*c > 0x7e)
            return false;
    return true;
}

/* "https://host:8443/a?b" for a Host header and a request target; NULL if one of them will not do. */
static const char *https_url(apr_pool_t *pool, const char *host, const char *target, unsigned port)
{
    if (!host || !target || !is_good_target(target))
        return NULL;
    size_t len = host_length(host);
    const char *rest = host + len;
    if (len == 0 || len > HOST_MAX || (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")])))
        return NULL;
    const char *name = apr_pstrmemdup(pool, host, len);
    return port == 443 ? apr_pstrcat(pool, "https://", name, target, NULL)
                       : apr_psprintf(pool, "https://%s:%u%s", name, port, target);
}

/* ---- answering ---- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *location)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    if (location)
        MHD_add_response_header(response, "Location", location);
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The target as it came. */
static void *remember_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)cls, (void)connection;
    return strdup(target);
}

static void forget_target(void *cls, struct MHD_Connection *connection, void **target,
                          enum MHD_RequestTerminationCode how)
{
    (void)cls, (void)connection, (void)how;
    free(*target);
    *target = NULL;
}

static enum MHD_Result proceed(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data, size_t *size,
                               void **target)
{
    const struct redirect *redirect = cls;
    apr_pool_t *pool;

    (void)url, (void)method, (void)version, (void)data;
    *size = 0;
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    apr_pool_create(&pool, NULL);
    const char *location = https_url(pool, host, *target, redirect->port);
    log_debug("sent on to %s", location ? location : "nowhere: no host, or an odd target");
    enum MHD_Result result = reply(connection, location ? 308 : 400, location);
    apr_pool_destroy(pool);
    return result;
}

/* ---- connections ---- */

static int64_t ring(struct alarm *alarm)
{
    shutdown(((struct visitor *)alarm)->socket, SHUT_RDWR);
    return TIMER_NEVER;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
    struct redirect *redirect = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visitor *visitor = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        visitor = calloc(1, sizeof *visitor);
        if (!visitor)
            abort();
        *visitor =
            (struct visitor){ .alarm.ring = ring, .timer = redirect->timer, .socket = info->connect_fd };
        timer_set(redirect->timer, &visitor->alarm, timer_now_ms() + REDIRECT_MS);
        *context = visitor;
        return;
    }
    timer_cancel(visitor->timer, &visitor->alarm);
    linger_take(redirect->linger, visitor->socket);
    free(visitor);
    *context = NULL;
}

int redirect_start(int socket, unsigned port, struct timer *timer, struct linger_set *linger,
                   struct redirect **out)
{
    struct redirect *redirect = calloc(1, sizeof *redirect);
    if (redirect) {
        *redirect = (struct redirect){ .port = port, .timer = timer, .linger = linger };
        redirect->daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, proceed, redirect,
            MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_URI_LOG_CALLBACK, remember_target, redirect,
            MHD_OPTION_NOTIFY_COMPLETED, forget_target, redirect, MHD_OPTION_NOTIFY_CONNECTION,
            connection_changed, redirect, MHD_OPTION_CONNECTION_LIMIT, REDIRECT_MAX,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    }
    if (!redirect || !redirect->daemon) {
        int error = errno ? errno : ENOMEM;
        close(socket);
        free(redirect);
        return error;
    }
    *out = redirect;
    return 0;
}

void redirect_stop(struct redirect *redirect)
{
    if (!redirect)
        return;
    MHD_stop_daemon(redirect->daemon);
    free(redirect);
}
