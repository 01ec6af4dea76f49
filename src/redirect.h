/*
 * A listener for plain HTTP that sends everybody to the same place under https (308, RFC 9110 15.4.9), and does
 * nothing else.
 *
 * Clients that were given a host alone try http first; with this they find their way, and with --hsts browsers do not
 * come here again. The host is the one that the client named, if it is one that may be written into an answer.
 *
 * Life: redirect_start, redirect_stop. Threads: one of its own, which also accepts; start and stop from the main
 * thread. Ownership: the socket is the redirect's from the start on, also where that fails. Bounds: REDIRECT_MAX
 * connections, one request each, and REDIRECT_MS from accept to close. Errors: errno.
 */
#ifndef HOLDFAST_REDIRECT_H
#define HOLDFAST_REDIRECT_H

#include <apr_pools.h>

#include "src/linger.h"
#include "src/timer.h"

#define REDIRECT_MAX 256
#define REDIRECT_MS  10000

struct redirect;

/* `port` of https. */
int redirect_start(int socket, unsigned port, struct timer *timer, struct linger_set *linger,
                   struct redirect **out);

/* NULL is fine. */
void redirect_stop(struct redirect *redirect);

#endif
