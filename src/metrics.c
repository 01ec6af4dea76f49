/*
 * Methods and statuses come from clients and storages in no great number, but a client may invent either: so
 * both are places in an array of fixed size, and what has no place is "other".
 */
#include "src/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the counters ---- */

static const struct {
    const char *name, *labels, *help; /* rows of one name stand together; the help is in the first */
} rows[METRICS] = {
    [METRIC_BYTES_RECEIVED] = { "holdfast_received_bytes_total", "", "Bytes of request bodies." },
    [METRIC_BYTES_SENT] = { "holdfast_sent_bytes_total", "", "Bytes of the bodies of answers." },
    [METRIC_ANSWERS_BROKEN] = { "holdfast_broken_answers_total", "",
                                "Connections that broke before the whole answer was out." },
    [METRIC_BEATS_INTERIM] = { "holdfast_beats_sent_total", "{kind=\"interim\"}",
                               "Signs of life sent to clients that wait." },
    [METRIC_BEATS_MULTISTATUS] = { "holdfast_beats_sent_total", "{kind=\"multistatus\"}", NULL },
    [METRIC_BEATS_LISTING] = { "holdfast_beats_sent_total", "{kind=\"listing\"}", NULL },
    [METRIC_JOBS] = { "holdfast_jobs_total", "", "Operations begun for a request that waits for them." },
    [METRIC_JOINS] = { "holdfast_joins_total", "", "Requests that joined a running operation." },
    [METRIC_REPLAYS] = { "holdfast_replays_total", "",
                         "Requests that got the result of an operation that was over." },
    [METRIC_ACCEPTED] = { "holdfast_accepted_total", "",
                          "Requests answered 202 while their operation went on." },
    [METRIC_CONNECTIONS_OPENED] = { "holdfast_connections_total", "{event=\"opened\"}",
                                    "Connections of clients." },
    [METRIC_CONNECTIONS_CLOSED] = { "holdfast_connections_total", "{event=\"closed\"}", NULL },
    [METRIC_LOGINS_FAILED] = { "holdfast_login_failures_total", "",
                               "Names and passwords that were not right." },
    [METRIC_ORIGINS_REFUSED] = { "holdfast_foreign_origins_refused_total", "",
                                 "Changes refused because a page of another site asked for them." },
    [METRIC_ERRORS_LOGGED] = { "holdfast_log_messages_total", "{level=\"error\"}",
                               "Messages by weight, written or not." },
    [METRIC_WARNINGS_LOGGED] = { "holdfast_log_messages_total", "{level=\"warning\"}", NULL },
};

static _Atomic uint64_t counters[METRICS];

static void increase(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint64_t value_of(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_add(enum metric metric, uint64_t amount)
{
    increase(&counters[metric], amount);
}

void metrics_count(enum metric metric)
{
    metrics_add(metric, 1);
}

uint64_t metrics_read(enum metric metric)
{
    return value_of(&counters[metric]);
}

/* ---- requests ---- */

static const char *const methods[] = { "GET",  "PROPFIND", "PUT",  "HEAD",      "OPTIONS", "DELETE", "MKCOL",
                                       "COPY", "MOVE",     "LOCK", "PROPPATCH", "UNLOCK",  "other" };
enum { METHODS = COUNT(methods), OTHER = METHODS - 1 };

enum { STATUS_MIN = 100, STATUS_END = 600, NO_STATUS = STATUS_END };

/* Bounds of the buckets; a request that lasts half an hour is what Holdfast is for. */
static const struct {
    int64_t micros;
    const char *seconds;
} bounds[] = {
    { 500, "0.0005" },  { 1000, "0.001" },  { 5000, "0.005" },    { 25000, "0.025" },
    { 100000, "0.1" },  { 500000, "0.5" },  { 1000000, "1" },     { 5000000, "5" },
    { 15000000, "15" }, { 60000000, "60" }, { 300000000, "300" }, { 1800000000, "1800" },
};
enum { BOUNDS = COUNT(bounds) };

/* Of one method. */
static struct {
    _Atomic uint64_t status[STATUS_END - STATUS_MIN + 1];
    _Atomic uint64_t duration[BOUNDS + 1]; /* between two bounds; the last is beyond all */
    _Atomic uint64_t micros;
} requests[METHODS];

static unsigned method_index(const char *method)
{
    unsigned i = 0;
    while (i < OTHER && (!method || strcmp(method, methods[i]) != 0))
        i++;
    return i;
}

void metrics_request(const char *method, int status, int64_t micros)
{
    unsigned which = method_index(method), bucket = 0;

    if (status < STATUS_MIN || status >= STATUS_END)
        status = NO_STATUS;
    while (bucket < BOUNDS && micros > bounds[bucket].micros)
        bucket++;
    increase(&requests[which].status[status - STATUS_MIN], 1);
    increase(&requests[which].duration[bucket], 1);
    increase(&requests[which].micros, micros > 0 ? (uint64_t)micros : 0);
}

/* ---- as text ---- */

void metrics_begin(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_value(struct buffer *out, const char *name, const char *labels, double value)
{
    buffer_printf(out, "%s%s %.17g\n", name, labels, value);
}

static void put_count(struct buffer *out, const char *name, const char *labels, uint64_t value)
{
    buffer_printf(out, "%s%s %" PRIu64 "\n", name, labels, value);
}

static void write_counters(struct buffer *out)
{
    for (unsigned i = 0; i < METRICS; i++) {
        if (rows[i].help)
            metrics_begin(out, rows[i].name, "counter", rows[i].help);
        put_count(out, rows[i].name, rows[i].labels, value_of(&counters[i]));
    }
}

static void write_statuses(struct buffer *out)
{
    metrics_begin(out, "holdfast_requests_total", "counter",
                  "Requests that have ended, by what they were told.");
    for (unsigned method = 0; method < METHODS; method++) {
        for (int status = STATUS_MIN; status <= NO_STATUS; status++) {
            uint64_t count = value_of(&requests[method].status[status - STATUS_MIN]);
            char name[12] = "none";
            if (!count)
                continue;
            if (status != NO_STATUS)
                snprintf(name, sizeof name, "%d", status);
            buffer_printf(out, "holdfast_requests_total{method=\"%s\",status=\"%s\"} %" PRIu64 "\n",
                          methods[method], name, count);
        }
    }
}

#define DURATION "holdfast_request_duration_seconds"

static void write_durations(struct buffer *out)
{
    metrics_begin(out, DURATION, "histogram", "From the head of a request to the end of its answer.");
    for (unsigned method = 0; method < METHODS; method++) {
        uint64_t count = 0;
        for (unsigned i = 0; i <= BOUNDS; i++)
            count += value_of(&requests[method].duration[i]);
        if (!count)
            continue;
        count = 0;
        for (unsigned i = 0; i <= BOUNDS; i++) {
            count += value_of(&requests[method].duration[i]);
            buffer_printf(out, DURATION "_bucket{method=\"%s\",le=\"%s\"} %" PRIu64 "\n", methods[method],
                          i < BOUNDS ? bounds[i].seconds : "+Inf", count);
        }
        buffer_printf(out, DURATION "_sum{method=\"%s\"} %.6f\n", methods[method],
                      (double)value_of(&requests[method].micros) / 1e6);
        buffer_printf(out, DURATION "_count{method=\"%s\"} %" PRIu64 "\n", methods[method], count);
    }
}

void metrics_write(struct buffer *out)
{
    write_statuses(out);
    write_durations(out);
    write_counters(out);
}
