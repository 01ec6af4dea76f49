/*
 * One thread looks at all sockets and at an eventfd that says that it is over.
 */
#include "src/listener.h"

#include <apr_strings.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "src/log.h"
#include "src/options.h"

#define REST_MS 100 /* when there is no descriptor or no memory for one more */

struct listeners {
    listener_take_fn *take;
    void *ctx;
    struct pollfd polled[1 + OPTIONS_MAX_LISTENERS]; /* the first is the eventfd */
    unsigned count;                                  /* of `polled` */
    pthread_t thread;
    bool is_running;
};

/* ---- addresses ---- */

/* "[::1]:80", "localhost:0", ":8080" */
static bool split_address(apr_pool_t *pool, const char *text, const char **out_host, const char **out_port)
{
    const char *colon = strrchr(text, ':');
    const char *host = apr_pstrmemdup(pool, text, (apr_size_t)(colon - text));
    size_t len = strlen(host);
    if (*host == '[') {
        if (host[len - 1] != ']')
            return false;
        host = apr_pstrmemdup(pool, host + 1, len - 2);
    } else if (strchr(host, ':')) {
        return false;
    }
    *out_host = *host ? host : NULL;
    *out_port = colon + 1;
    return colon[1] != '\0';
}

static int bind_socket(const struct addrinfo *address, int *out_fd)
{
    int on = 1, error = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        error = errno;
        close(fd);
        return error;
    }
    *out_fd = fd;
    return 0;
}

int listener_bind(apr_pool_t *pool, const char *option, const char *text, int *out_fd,
                  const char **out_message)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *addresses;
    const char *host, *port;

    if (!split_address(pool, text, &host, &port)) {
        *out_message = apr_psprintf(pool, "--%s %s: not HOST:PORT", option, text);
        return EINVAL;
    }
    int failed = getaddrinfo(host, port, &hints, &addresses);
    if (failed) {
        *out_message = apr_psprintf(pool, "--%s %s: %s", option, text, gai_strerror(failed));
        return EINVAL;
    }
    int error = bind_socket(addresses, out_fd);
    freeaddrinfo(addresses);
    if (error)
        *out_message = apr_psprintf(pool, "cannot listen at %s: %s", text, strerror(error));
    return error;
}

static const char *url_of(apr_pool_t *pool, int fd, bool tls)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t size = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    getsockname(fd, (struct sockaddr *)&address, &size);
    getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    return apr_psprintf(pool, address.ss_family == AF_INET6 ? "%s://[%s]:%s/" : "%s://%s:%s/",
                        tls ? "https" : "http", host, port);
}

/* ---- accepting ---- */

/* Takes one; false if there is none, or none can be had now. */
static bool accept_one(struct listeners *listeners, int socket)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    int fd = accept4(socket, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        listeners->take(listeners->ctx, fd, (struct sockaddr *)&address, size);
        return true;
    }
    int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        log_debug("cannot accept a connection: %s", strerror(error));
        poll(listeners->polled, 1, REST_MS); /* some may be closed meanwhile; the stop ends the rest */
    }
    return error == ECONNABORTED || error == EINTR;
}

static void *run(void *arg)
{
    struct listeners *listeners = arg;

    while (!listeners->polled[0].revents) {
        if (poll(listeners->polled, listeners->count, -1) < 0)
            continue;
        for (unsigned i = 1; i < listeners->count; i++)
            while (listeners->polled[i].revents && !listeners->polled[0].revents &&
                   accept_one(listeners, listeners->polled[i].fd))
                ;
    }
    return NULL;
}

int listeners_open(struct listeners **out)
{
    struct listeners *listeners = calloc(1, sizeof *listeners);

    if (!listeners)
        return ENOMEM;
    listeners->polled[0] = (struct pollfd){ .fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN };
    listeners->count = 1;
    if (listeners->polled[0].fd < 0) {
        int error = errno;
        free(listeners);
        return error;
    }
    *out = listeners;
    return 0;
}

int listeners_add(struct listeners *listeners, apr_pool_t *pool, const char *text, bool tls,
                  const char **out_url, const char **out_message)
{
    int fd = -1;

    int error = listener_bind(pool, "listen", text, &fd, out_message);
    return error ? error : listeners_adopt(listeners, pool, fd, tls, out_url, out_message);
}

int listeners_adopt(struct listeners *listeners, apr_pool_t *pool, int fd, bool tls, const char **out_url,
                    const char **out_message)
{
    if (listeners->count > OPTIONS_MAX_LISTENERS) {
        *out_message = apr_psprintf(pool, "more than %d addresses to listen at", OPTIONS_MAX_LISTENERS);
        close(fd);
        return E2BIG;
    }
    listeners->polled[listeners->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    *out_url = url_of(pool, fd, tls);
    return 0;
}

int listeners_start(struct listeners *listeners, listener_take_fn *take, void *ctx)
{
    listeners->take = take;
    listeners->ctx = ctx;
    int error = pthread_create(&listeners->thread, NULL, run, listeners);

    listeners->is_running = !error;
    return error;
}

void listeners_stop(struct listeners *listeners)
{
    if (!listeners)
        return;
    if (listeners->is_running) {
        eventfd_write(listeners->polled[0].fd, 1);
        pthread_join(listeners->thread, NULL);
        listeners->is_running = false;
    }
    while (listeners->count > 1)
        close(listeners->polled[--listeners->count].fd);
}

void listeners_free(struct listeners *listeners)
{
    if (!listeners)
        return;
    listeners_stop(listeners);
    close(listeners->polled[0].fd);
    free(listeners);
}
