/*
 * The sockets that clients connect to, and the thread that accepts them.
 *
 * libmicrohttpd would accept on its own threads: the one that wakes first takes whatever has come, and sixteen
 * clients that come together are all served by one thread beside another that sleeps. Nor can it be told to stop
 * accepting without aborting the process now and then. So it has no listening socket, and each connection is
 * handed to it here.
 *
 * Life: listeners_open, listeners_add per address or listeners_adopt per socket (from there on the kernel lets
 * clients wait), listeners_start, listeners_stop, which refuses from then on, listeners_free. Threads: all from one;
 * `take` is called on the thread that accepts. Errors: errno, and one line for the operator.
 */
#ifndef HOLDFAST_LISTENER_H
#define HOLDFAST_LISTENER_H

#include <apr_pools.h>
#include <stdbool.h>
#include <sys/socket.h>

struct listeners;

/* `fd` does not block, is closed on exec, and is the callee's. */
typedef void listener_take_fn(void *ctx, int fd, const struct sockaddr *address, socklen_t size);

int listeners_open(struct listeners **out);

/* `text`: "HOST:PORT", "[::1]:80", ":8080"; port 0 is a free one. *out_url, in the pool, is what it became. */
int listeners_add(struct listeners *listeners, apr_pool_t *pool, const char *text, bool tls,
                  const char **out_url, const char **out_message);

/* A socket that listens already; it is closed if it cannot be had. At most OPTIONS_MAX_LISTENERS in all. */
int listeners_adopt(struct listeners *listeners, apr_pool_t *pool, int fd, bool tls, const char **out_url,
                    const char **out_message);

int listeners_start(struct listeners *listeners, listener_take_fn *take, void *ctx);

/* Waits for a `take` that is under way. A second time, or NULL: nothing. */
void listeners_stop(struct listeners *listeners);

void listeners_free(struct listeners *listeners);

/* For who accepts himself; `option` is for messages. */
int listener_bind(apr_pool_t *pool, const char *option, const char *text, int *out_fd,
                  const char **out_message);

#endif
