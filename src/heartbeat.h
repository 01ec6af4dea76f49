/*
 * When a client that waits gets a sign of life: a pure decision over a clock passed in.
 *
 * Life: the transaction fills a struct heartbeat when the request begins, from what clients_decide said
 * of the client; then it asks heartbeat_is_due whenever it wakes, sends, and tells heartbeat_was_sent.
 * Threads: the owner's alone. Units: milliseconds of any clock that never goes back. No errors, no memory.
 * Source: RFC 2518 10.1 (102 Processing), RFC 9110 15.2 (interim responses), RFC 4918 13 (multistatus).
 */
#ifndef HOLDFAST_HEARTBEAT_H
#define HOLDFAST_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

/* What the operator wants for everybody; AUTO: the client decides (src/clients.h). */
enum heartbeat_mode { HEARTBEAT_AUTO, HEARTBEAT_INTERIM, HEARTBEAT_MULTISTATUS, HEARTBEAT_OFF };

enum beat {
    BEAT_NONE,        /* silence until the answer */
    BEAT_INTERIM,     /* 102 Processing */
    BEAT_MULTISTATUS, /* a 207 begun early, then a blank in its body */
};

struct heartbeat {
    enum beat kind;
    unsigned cap; /* beats at most, 0: no limit */
    unsigned sent;
    int64_t interval_ms;
    int64_t last_ms; /* the request's arrival, or the point of the grid that the last beat stood for */
};

/* When to look again, on the same clock; INT64_MAX: never (silence, or the cap is reached). */
int64_t heartbeat_due_ms(const struct heartbeat *heartbeat);

/* Is a beat due now? */
bool heartbeat_is_due(const struct heartbeat *heartbeat, int64_t now_ms);

/* Beats lie on a grid, so that the little lateness of each does not add up; one that is late by more than
 * half an interval begins a new grid, so that two never follow each other closely. */
void heartbeat_was_sent(struct heartbeat *heartbeat, int64_t now_ms);

#endif
