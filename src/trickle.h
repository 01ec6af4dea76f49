/*
 * A 207 that begins before its result is there: its head and the XML declaration at once, a blank at every
 * beat, then the result.
 *
 * For clients that are seen to read such a body to its end (clients.h), and for every listing: the status
 * of each resource is inside. `X-Accel-Buffering: no` keeps nginx from holding the blanks back.
 *
 * Life: trickle_open when the first beat is due and the job is not done; trickle_leave when the transaction
 * ends; libmicrohttpd may be done with the response before or after. Threads: the connection's.
 */
#ifndef HOLDFAST_TRICKLE_H
#define HOLDFAST_TRICKLE_H

#include <microhttpd.h>

#include "src/operation.h"
#include "src/outflow.h"
#include "src/pulse.h"

struct trickle;

struct trickle_source {
    struct operation *operation;
    struct job_waiter *waiter;     /* of the transaction; its done() ends the pause */
    struct pulse *pulse;           /* of the transaction */
    struct outflow_source outflow; /* of a result that is itself a stream */
    void (*has_result)(void *ctx); /* called once, before the result is sent */
    void *ctx;
    uint64_t *bytes; /* counts what is sent */
};

/* NULL if there is no memory. */
struct MHD_Response *trickle_open(const struct trickle_source *source, struct trickle **out);

void trickle_leave(struct trickle *trickle);

#endif
