/*
 * What became of one trial of `holdfast probe`: one word for what was asked and what came back.
 *
 * Pure functions over plain data. Only one thing is judged by the clock, whether what was sent bit by
 * bit arrived bit by bit, and that generously: half the time is enough.
 */
#ifndef HOLDFAST_PROBE_OUTCOME_H
#define HOLDFAST_PROBE_OUTCOME_H

#include <stdbool.h>

#include "src/probe_trial.h"

/* What became of one trial. */
enum probe_outcome {
    PROBE_OK,
    PROBE_NOT_SENT,       /* rightly answered, but the server sent fewer interims than asked for */
    PROBE_SWALLOWED,      /* rightly answered, but not all interims arrived */
    PROBE_HELD,           /* everything arrived, but at the end and at once */
    PROBE_INTERIM_TO_1_0, /* rightly answered, but a client of HTTP/1.0 was sent interims */
    PROBE_NEXT_BROKEN,    /* rightly answered, but the next request on the connection was not */
    PROBE_TAKEN_AS_FINAL, /* somebody took an interim for the final response */
    PROBE_CUT,            /* no answer, or an error from what stands between */
    PROBE_ODD,            /* another answer than the server's */
};

enum probe_outcome probe_outcome(const struct probe_trial *trial);

/* Constant text, as in the JSON. */
const char *probe_outcome_name(enum probe_outcome outcome);

/* Is what was asked for answered rightly, whatever happened to the signs of life before? */
bool probe_outcome_is_answered(enum probe_outcome outcome);

#endif
