/*
 * Sockets that a service manager has bound already, and passes on (socket activation, sd_listen_fds(3)).
 *
 * They are the descriptors from 3 on; $LISTEN_FDS says how many, $LISTEN_PID for whom, and $LISTEN_FDNAMES what they
 * are called, separated by colons. Life: each is taken once, at the start. Threads: the main thread. Errors: errno,
 * and one line for the operator.
 */
#ifndef HOLDFAST_ACTIVATION_H
#define HOLDFAST_ACTIVATION_H

#include <apr_pools.h>

#define ACTIVATION_MAX 64 /* a number beyond is none */

/* How many there are; 0 where this was not started so. */
unsigned activation_count(void);

/* The one with that index, which must be listening for TCP; from then on it does not block, and is closed on exec.
 * *out_name is "" if it has none. */
int activation_take(unsigned index, apr_pool_t *pool, int *out_fd, const char **out_name,
                    const char **out_message);

#endif
