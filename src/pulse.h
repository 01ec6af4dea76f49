/*
 * A waiting connection's pulse: while it rests, its 102s go out and the moments are watched for at which
 * it must be woken.
 *
 * An interim response is sent by the timer's thread, straight into the resting connection: it need not
 * be woken for a few bytes. (Waking costs libmicrohttpd a walk over all connections that rest; with
 * 10,000 of them that was all it did.) For anything else the connection is woken: an early 207 or a blank in
 * one, a deadline of the client's own (Prefer: wait), a client that has gone.
 *
 * Life: embedded in a transaction; pulse_init, any number of pulse_rest, pulse_release. Threads: the
 * connection's, but for the alarm; what both touch is guarded by the pause's mutex, since the alarm acts
 * only on a connection that rests.
 */
#ifndef HOLDFAST_PULSE_H
#define HOLDFAST_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fs/progress.h"
#include "src/heartbeat.h"
#include "src/pause.h"
#include "src/timer.h"

struct pulse {
    struct alarm alarm; /* first: what ring() gets */
    struct timer *timer;
    struct pause *pause;
    struct heartbeat heartbeat;
    int64_t deadline_ms;             /* to be woken at in any case; TIMER_NEVER: none */
    bool watches;                    /* to be woken when the client hangs up */
    const char *status_uri;          /* for interim responses; NULL: they go bare */
    const struct progress *progress; /* likewise; NULL: none */
    atomic_uint *beats;              /* counted here as well; NULL: nowhere */
    unsigned interims;               /* sent */
    bool is_set, has_gone;
};

void pulse_init(struct pulse *pulse, struct timer *timer, struct pause *pause);
void pulse_release(struct pulse *pulse);

/* The connection rests (pause_begin) until somebody or the pulse ends that. The caller looks once more at
 * what it waits for: whatever came before this could not wake it. */
void pulse_rest(struct pulse *pulse, int64_t now_ms);

/* Is the client's side of the connection closed? */
bool pulse_client_has_left(const struct pulse *pulse);

int pulse_socket(const struct pulse *pulse);

#endif
