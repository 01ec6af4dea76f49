/*
 * Who may connect: one connection more is admitted, or told that there are too many and sent away.
 *
 * Life: admission_open at the start, admission_close when no connection is left; linger lives as long. Threads:
 * admission_enter on the thread that accepts, admission_leave on any. Errors: errno.
 */
#ifndef HOLDFAST_ADMISSION_H
#define HOLDFAST_ADMISSION_H

#include <stdbool.h>
#include <sys/socket.h>

#include "src/options.h"

struct admission;
struct linger_set;

int admission_open(struct linger_set *linger, struct admission **out);
void admission_close(struct admission *admission); /* NULL is fine */

struct admission_visitor {
    int socket;
    const struct sockaddr *address;
    bool is_tls; /* no answer can be given before the handshake */
};

/* True: it is in, and admission_leave follows once. False: the socket has been answered 503 and closed. */
bool admission_enter(struct admission *admission, const struct options *options,
                     const struct admission_visitor *visitor);
void admission_leave(struct admission *admission, const struct sockaddr *socket);

#endif
