/*
 * What the server is doing, and what it has done lately: all operations, by id, by key, by
 * Idempotency-Key.
 *
 * Life of an operation here
 *   registry_enter   starts it, or joins one that is there already
 *   registry_sending the result goes out to a client that is there
 *   registry_leave   a transaction ends and says whether its client took the result
 *   When the last one has left, the result is kept if somebody may still ask for it: it was delivered to
 *   nobody, a client knows its page, or it has an Idempotency-Key. Kept ones go after the retention, or
 *   earlier when there are too many.
 *
 * Join and replay. A request joins a running operation with its key and body. It gets the result of an
 * ended one as long as that was delivered to nobody and nothing else has touched what it is about,
 * neither another operation of ours nor anybody behind our back. With an Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header) it gets the result as often as it asks.
 *
 * Threads: any. One mutex guards everything; the engine's is locked under it. The alarm is rung under the
 * timer's, so nobody who holds the registry's may call timer_*, and the alarm only tries to lock: no disk
 * may stop everybody's beats.
 *
 * Across a restart: what a client was told 202 for (acceptance.h) is there again, with its result or running once
 * more; nothing else is.
 */
#ifndef HOLDFAST_REGISTRY_H
#define HOLDFAST_REGISTRY_H

#include <apr_pools.h>

#include "src/operation.h"
#include "src/timer.h"

#define REGISTRY_KEPT_MAX   2000
#define REGISTRY_KEPT_BYTES (64 * 1024 * 1024)
#define REGISTRY_LISTED_MAX 1000 /* on the page that lists them */

struct registry;

struct registry_limits {
    int64_t retention_ms;      /* of results */
    int64_t timeout_ms;        /* of operations; 0 = none */
    bool cancel_on_disconnect; /* what nobody waits for any more is stopped */
    unsigned queued_jobs;      /* of one user, of each kind: more are EDQUOT; 0: no such bound */
};

int registry_open(struct job_engine *engine, const struct registry_limits *limits, struct registry **out);

/* From now on; of what runs, too. */
void registry_set_limits(struct registry *registry, const struct registry_limits *limits);

/* Takes back what an earlier process had accepted here. Once, before anybody is served; errno of the state database.
 * auth NULL: everybody may enter; else those it has, and nobody in particular if `takes_anonymous`. */
struct auth;
int registry_restore(struct registry *registry, struct dav *dav, struct auth *auth, bool takes_anonymous);

/* To be set once the timer is there and cancelled before it goes. */
struct alarm *registry_alarm(struct registry *registry);

/* After the last transaction has left. */
void registry_close(struct registry *registry);

enum registry_match { MATCH_NONE, MATCH_POSSIBLE, MATCH_CONFLICT };

/* Before the body of a request is read: may the result of another be its own? CONFLICT: its Idempotency-Key
 * belongs to another request. */
enum registry_match registry_look(struct registry *registry, const char *key, const char *idempotency_key,
                                  bool is_joinable);

enum registry_how { REGISTRY_RAN, REGISTRY_JOINED, REGISTRY_REPLAYED };

struct registry_entry {
    struct operation *operation; /* a new one; afterwards the one to wait for */
    enum job_lane lane;          /* of a request */
    enum registry_how how;       /* out */
};

/* 0: `waiter` waits for entry->operation; if that is another than before, the new one is still the caller's.
 * Else it is the caller's too: EEXIST (the Idempotency-Key belongs to another request), EAGAIN (the queue
 * is full), ECANCELED (the server is stopping). */
int registry_enter(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter);

/* Only joins; ENOENT if there is nothing to join. For a request that was refused already. */
int registry_join(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter);

/* The result is about to go out on this socket, to a client that is there. A repeated request that comes before
 * registry_leave gets it too only if that connection has broken meanwhile: else it comes from one who has read it. */
void registry_sending(struct registry *registry, struct operation *op, int socket);

enum registry_left {
    LEFT_UNTOLD,    /* no result was sent, or to nobody; a 202 is none */
    LEFT_BROKEN,    /* after registry_sending */
    LEFT_DELIVERED, /* likewise, and the client took the whole */
};

/* The waiter's share ends, job_leave included. */
void registry_leave(struct registry *registry, struct operation *op, struct job_waiter *waiter,
                    enum registry_left how);

/* Ends those that do nothing, so that a stop need not wait for them. */
void registry_stop_diagnostics(struct registry *registry);

/* The diagnostic operation's time is over. From an alarm, so it does not wait for the mutex: false, and nothing was
 * done, if somebody has it. */
bool registry_end(struct registry *registry, struct operation *op);

/* The one that an operation has by now, or NULL; as long as it. */
const char *registry_idempotency_key(struct registry *registry, const struct operation *op);

/* ---- for the pages ---- */

/* One of this user's, held by a waiter until job_leave; NULL: there is none. It does not count as
 * waiting for the result. */
struct operation *registry_hold(struct registry *registry, const char *user, const char *id,
                                struct job_waiter *waiter);

void registry_view(struct registry *registry, struct operation *op, apr_pool_t *pool, struct job_view *out);

/* One that is held: its user does not want it any more, and no later process will do it. */
void registry_cancel(struct registry *registry, struct operation *op, const struct job_waiter *held);

/* Everybody's, diagnostic ones too. */
struct registry_counts {
    unsigned waiting, running, kept;
};

void registry_count(struct registry *registry, struct registry_counts *out);

/* This user's: what runs, the oldest first, then what is kept, the newest first; at most REGISTRY_LISTED_MAX. In the
 * pool. */
size_t registry_list(struct registry *registry, const char *user, apr_pool_t *pool, struct job_view **out);

#endif
