/*
 * A transaction's wait for an operation: its own, or one that it joined. What the client gets meanwhile,
 * and which answer comes of it.
 *
 *   interims         while it rests, if its client bears them (pulse.h)
 *   an early 207     when the first beat is due, if its client reads it, and for every listing (trickle.h)
 *   202              when the time that it was ready to wait is over (RFC 7240 respond-async)
 *   the result       of the operation
 *
 * Life: wait_enter, then wait_go_on whenever the connection was woken until that gives an answer, then
 * wait_free when the transaction ends. Threads: the connection's. The pause is the transaction's.
 */
#ifndef HOLDFAST_WAIT_H
#define HOLDFAST_WAIT_H

#include <microhttpd.h>

#include "src/clients.h"
#include "src/head.h"
#include "src/pause.h"
#include "src/prefer.h"
#include "src/registry.h"
#include "src/reply.h"
#include "src/server.h"
#include "src/slow.h"

struct wait;

struct wait_terms {
    struct server *server;
    const struct options *options; /* as they were when the request came */
    struct pause *pause;
    const struct head *head;
    const struct prefer *prefer;
    bool is_lazy;               /* OC-LazyOps */
    struct treatment treatment; /* of this client */
    int64_t every_ms;           /* heartbeat */
    int64_t started_ms;         /* when the request was complete (RFC 7240 4.3) */
    bool closes;                /* the connection ends with the answer, whatever it is */
    uint64_t *bytes;            /* of the answer's body, counted while it goes */
};

/* Starts the operation, or joins another that does the same; then this one is freed, though its request stays
 * the caller's. On an error (registry_enter, registry_join) both are the caller's. `must_join`: it was refused
 * already, only the result of another can help. */
int wait_enter(const struct wait_terms *terms, struct operation *op, enum job_lane lane, bool must_join,
               struct wait **out);

/* Is it the caller's own operation that runs, not another's? */
bool wait_is_for_own(const struct wait *wait);

/* The limit that the result names (dav_reply.limit), once it has been given; NULL: none. */
const char *wait_limit(const struct wait *wait);

enum wait_step {
    WAIT_RESTS,  /* it will be woken */
    WAIT_ENDS,   /* here is the answer; no response if there is no memory */
    WAIT_IS_VAIN /* the client has gone */
};

enum wait_step wait_go_on(struct wait *wait, int *out_status, struct MHD_Response **out_response);

/* For the access log: "ran", "joined", "replayed", "accepted". */
const char *wait_how(const struct wait *wait);
unsigned wait_interims(const struct wait *wait);
const char *wait_rule(const struct wait *wait);

/* The transaction ends; `is_complete`: libmicrohttpd has sent the whole answer. */
void wait_free(struct wait *wait, bool is_complete);

#endif
