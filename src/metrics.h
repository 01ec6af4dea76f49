/*
 * What the server counts of itself, for /.holdfast/metrics.
 *
 * One table (metrics.c) has a row for each counter; who counts says which, and needs nothing else. To add a counter:
 * a name here and its row there. Counters begin at 0 with the process and only grow.
 *
 * Threads: any; a count is one relaxed atomic addition, and nothing is ever locked.
 */
#ifndef HOLDFAST_METRICS_H
#define HOLDFAST_METRICS_H

#include <stdint.h>

#include "webdav/buffer.h"

enum metric {
    METRIC_BYTES_RECEIVED, /* of bodies */
    METRIC_BYTES_SENT,
    METRIC_ANSWERS_BROKEN, /* the client did not take all of it */
    METRIC_BEATS_INTERIM,
    METRIC_BEATS_MULTISTATUS, /* a 207 that begins early, and each blank in it */
    METRIC_BEATS_LISTING,     /* a blank between two pieces of a listing */
    METRIC_JOBS,              /* operations that were begun for a request that waits for them */
    METRIC_JOINS,
    METRIC_REPLAYS,
    METRIC_ACCEPTED,
    METRIC_CONNECTIONS_OPENED,
    METRIC_CONNECTIONS_CLOSED,
    METRIC_LOGINS_FAILED,
    METRIC_ORIGINS_REFUSED,
    METRIC_ERRORS_LOGGED,
    METRIC_WARNINGS_LOGGED,
    METRICS
};

void metrics_count(enum metric metric);
void metrics_add(enum metric metric, uint64_t amount);
uint64_t metrics_read(enum metric metric);

/* A request has ended. `method`: as it came, any bytes; NULL: none did. `status`: 0 for none. */
void metrics_request(const char *method, int status, int64_t micros);

/* Appends them all in the text format 0.0.4 of Prometheus. */
void metrics_write(struct buffer *out);

/* For numbers that are found out when they are asked for: the lines that begin a metric (`type`: "gauge" or
 * "counter"), and one with its value. `labels`: "" or `{name="value"}`. */
void metrics_begin(struct buffer *out, const char *name, const char *type, const char *help);
void metrics_value(struct buffer *out, const char *name, const char *labels, double value);

#endif
