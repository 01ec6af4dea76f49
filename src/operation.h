/*
 * One execution of a request, with the identity by which others find it: its id (the job's page), its
 * key (the same request once more), its Idempotency-Key.
 *
 * It is a job (job.h) and is listed in the registry (registry.h). Those who wait for it are
 * transactions, one or a thousand, on whatever connections. The diagnostic operation (slow.h) has no
 * request: it lasts a while and does nothing.
 *
 * Life: operation_new takes the request; registry_enter takes the operation, or it is freed again with
 * operation_free. Threads: all members are fixed once it was entered, but for the atomics and for the
 * registry's own, which its mutex guards. The request is the worker's until the job is done; afterwards
 * its reply may be read by all.
 */
#ifndef HOLDFAST_OPERATION_H
#define HOLDFAST_OPERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fs/progress.h"
#include "src/job.h"
#include "src/jobview.h"
#include "webdav/dav.h"

#define OPERATION_ID_SIZE  33
#define OPERATION_URI_SIZE (sizeof OPERATION_URI_BASE + OPERATION_ID_SIZE)
#define OPERATION_URI_BASE "/.holdfast/jobs/" /* its page, with the id behind it */

struct registry;
struct slow;

/* Of a request's body; zero if there was none. */
struct body_digest {
    uint64_t low, high;
    uint64_t size;
};

struct operation {
    struct job_waiter keeper; /* the registry's hold on the job */
    char id[OPERATION_ID_SIZE];

    /* The strings live in the request's pool, or in the diagnostic operation. */
    const char *user, *client;
    const char *method, *target;
    const char *key;             /* of the request without its body; NULL: nothing is like it */
    const char *idempotency_key; /* with the user; NULL: none was sent */
    struct body_digest body;
    char *adopted_key; /* the Idempotency-Key of one that joined, in memory of our own */
    bool is_joinable;  /* by the same request, without being asked */

    struct dav_request *request; /* NULL: diagnostic */
    struct slow *slow;

    int64_t started_ms, started_unix_ms;
    atomic_bool is_running;  /* a worker has begun */
    atomic_bool is_named;    /* a client was told its page */
    atomic_bool is_accepted; /* 202: it goes on without its client */
    atomic_bool is_over;     /* it has run */
    atomic_uint beats;       /* sent to those who wait */
    atomic_int cancelled;    /* enum dav_stop_reason + 1; 0: not */

    /* The registry's. */
    struct registry *registry;
    TAILQ_ENTRY(operation) link;     /* among those that run, or those that are kept */
    struct operation *same_next;     /* with the same key */
    TAILQ_ENTRY(operation) key_link; /* among those that are found by their keys */
    unsigned waiting;                /* transactions that have not left */
    unsigned sending;                /* of these, with the result on its way to a client that was there */
    int sending_on;                  /* the last of their sockets */
    bool is_ended, is_delivered, is_touched, is_unwanted, is_kept, is_counted, has_trace;
    int64_t ended_ms;
    struct dav_trace trace; /* of what it is about, when it had ended */
};

struct operation_identity {
    const char *user, *client;
    const char *method, *target;
    const char *key, *idempotency_key; /* may be NULL */
    bool is_joinable;
};

/* Around a request, or around a diagnostic one: the other is NULL. It owns it from here. Strings are not
 * copied. */
struct operation *operation_new(const struct operation_identity *identity, struct dav_request *request,
                                struct slow *slow);
void operation_free(struct operation *op);

/* Now, as started_unix_ms. */
int64_t operation_unix_ms(void);

/* Where it is to run. */
enum job_lane operation_lane(const struct dav_request *request);

/* Asks it to end soon. Any thread. The first reason is the one that is told. */
void operation_cancel(struct operation *op, enum dav_stop_reason why);

/* NULL for a diagnostic one. */
const struct progress *operation_progress(const struct operation *op);

/* Once the job is done. */
struct dav_reply *operation_reply(struct operation *op);

/* Its result as the content of a 207 whose head is on its way. False: it is a stream. */
bool operation_multistatus(struct operation *op, struct buffer *out);

/* How it looks to its owner; `waiting` operations share `workers`. Strings in the pool or the operation. */
void operation_view(struct operation *op, apr_pool_t *pool, bool is_ended, int64_t now_ms, unsigned waiting,
                    unsigned workers, struct job_view *out);

#endif
