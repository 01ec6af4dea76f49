/*
 * The serving side: libmicrohttpd's daemons, what works for them, and the order in which all of it stops.
 *
 * Life: server_open starts workers, the timer and the threads that serve connections; server_stop ends it.
 * Stop order, which libmicrohttpd enforces by aborting the process: no new connections; running
 * operations may end within the grace time, then they are stopped; every waiting transaction gets its
 * answer; only when none is left are the daemons stopped.
 *
 * Threads: open and stop from the main thread. The struct is read-only to all others, but for the
 * atomics; `changed`, under `mutex`, is signalled when the last transaction ended while draining.
 */
#ifndef HOLDFAST_SERVER_H
#define HOLDFAST_SERVER_H

#include <apr_pools.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "src/admission.h"
#include "src/auth.h"
#include "src/front.h"
#include "src/health.h"
#include "src/job.h"
#include "src/linger.h"
#include "src/options.h"
#include "src/redirect.h"
#include "src/registry.h"
#include "src/shares.h"
#include "src/timer.h"
#include "webdav/dav.h"

#define CONNECTION_THREADS 2

struct MHD_Daemon;
struct doorman;

struct server {
    const struct options *_Atomic options; /* the newest: server_set_options */
    struct shares *shares;
    struct auth *auth; /* NULL: there are no passwords */
    struct doorman *doorman;
    struct job_engine *engine;
    struct registry *registry;
    struct timer *timer;
    struct health *health;
    struct linger_set *linger; /* connections that the client has not closed yet */
    struct front *front;
    struct redirect *redirect; /* NULL: none */
    struct admission *admission;
    struct MHD_Daemon *daemons[CONNECTION_THREADS]; /* a thread each */
    unsigned turn;                                  /* whose it is; of the thread that accepts */
    atomic_uint given, begun;                       /* connections: to a daemon, and by it */
    atomic_bool draining;                           /* new requests are answered 503 */

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_uint transactions; /* under way */
};

/* Serves at the front's sockets, which stay the caller's to close. On failure *out_message is one line for the
 * operator, and nothing is left running. */
int server_open(apr_pool_t *pool, const struct options *options, struct front *front, struct shares *shares,
                struct auth *auth, struct server **out, const char **out_message);

/* For requests from now on; those under way go on with theirs, so the former options must stay. What no request asks
 * for (addresses, workers, …) was looked at when the server was opened. */
void server_set_options(struct server *server, const struct options *options);

/* Returns false if an operation could not be stopped in time: it still uses the server, and nothing
 * that it was given may be closed. */
bool server_stop(struct server *server);

/* For transactions. */
void server_transaction_began(struct server *server);
void server_transaction_ended(struct server *server);

#endif
