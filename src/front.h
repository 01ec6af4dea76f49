/*
 * The side that the network sees: sockets that listen, and the certificate that is shown there.
 *
 * What may take root's rights, or files that only root can read, is all here: the process can become somebody else
 * right after front_open, before it opens anything else. Sockets come from --listen, or from a service manager that has
 * bound them already (activation.h); these are instead of the default address, and one that is called `redirect` is
 * for redirect.h.
 *
 * Life: front_open, front_close; who serves starts and stops the listeners in between. Threads: the main one.
 * Ownership: in the pool. Errors: errno, and one line for the operator; a front that could not be opened is still to be
 * closed.
 */
#ifndef HOLDFAST_FRONT_H
#define HOLDFAST_FRONT_H

#include <apr_pools.h>

#include "src/listener.h"
#include "src/options.h"
#include "src/tls.h"

struct front {
    struct listeners *listeners;
    const char *urls[OPTIONS_MAX_LISTENERS];
    unsigned url_count;
    struct tls *tls;     /* NULL: plain HTTP */
    int redirect_socket; /* -1: none; whoever takes it puts -1 here */
};

int front_open(apr_pool_t *pool, const struct options *options, struct front *out, const char **out_message);
void front_close(struct front *front);

/* Of the first address. */
unsigned front_port(const struct front *front);

#endif
