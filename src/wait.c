/*
 * Once the operation was entered its request's pool belongs to a worker: what is allocated here is so on
 * the heap, or in a pool of its own.
 */
#include "src/wait.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/acceptance.h"
#include "src/hangup.h"
#include "src/metrics.h"
#include "src/pages.h"
#include "src/pulse.h"
#include "src/trickle.h"
#include "webdav/accepted.h"

#define ASYNC_WAIT_MS 200 /* for who did not say how long it waits: most operations end before */
#define URI_MAX       400

/* That the operation is noted, before a 202. */
struct noting {
    struct job_waiter waiter; /* first: what noting_done() gets */
    struct wait *wait;
};

struct wait {
    struct job_waiter waiter; /* first: what work_done() gets */
    struct noting noting;
    struct wait_terms terms;
    struct operation *operation;
    enum registry_how how;
    enum job_lane lane;
    struct pulse pulse;
    char *status_uri;
    struct trickle *trickle; /* NULL: no early 207 */
    struct outflow *outflow; /* of a result that is made while it is sent; NULL: none */
    apr_pool_t *pool;        /* of a 202; NULL: none */
    bool is_own;
    bool is_late;     /* it may be told 202 */
    bool is_accepted; /* the answer is a 202 */
    bool is_told;     /* the result goes out to a client that is there */
};

static void work_done(struct job_waiter *waiter)
{
    pause_end(((struct wait *)waiter)->terms.pause);
}

static void noting_done(struct job_waiter *waiter)
{
    pause_end(((struct noting *)waiter)->wait->terms.pause);
}

/* ---- the terms ---- */

static bool is_one_of(const char *method, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(method, names[i]) == 0)
            return true;
    return false;
}

/* Whose answer may be a 207 whatever becomes of it. A 207 to a PUT looks like success to clients. */
static bool may_be_multistatus(const struct wait_terms *terms, const struct operation *op)
{
    static const char *const names[] = { "COPY", "MOVE", "DELETE", "PROPFIND" };
    return op->slow || is_one_of(terms->head->method, names, sizeof names / sizeof *names);
}

static enum beat beat_kind(const struct wait_terms *terms, const struct operation *op)
{
    enum beat kind = terms->treatment.kind;
    bool is_head = strcmp(terms->head->method, "HEAD") == 0;
    if (kind == BEAT_MULTISTATUS && (is_head || !may_be_multistatus(terms, op)))
        return BEAT_NONE;
    if (kind == BEAT_NONE && op->request && strcmp(terms->head->method, "PROPFIND") == 0 &&
        terms->options->heartbeat_mode != HEARTBEAT_OFF)
        return BEAT_MULTISTATUS;
    return kind;
}

static bool may_be_accepted(const struct wait_terms *terms, const struct operation *op)
{
    if (!terms->options->job_retention_ms)
        return false; /* the result could not be fetched */
    return (terms->prefer->respond_async || terms->is_lazy) && (op->slow || dav_is_joinable(op->request));
}

static void set_pulse(struct wait *wait, struct operation *op)
{
    const struct wait_terms *terms = &wait->terms;
    int64_t every_ms = terms->every_ms;

    if (terms->treatment.pace_ms && terms->treatment.pace_ms < every_ms)
        every_ms = terms->treatment.pace_ms;
    pulse_init(&wait->pulse, terms->server->timer, terms->pause);
    wait->pulse.heartbeat = (struct heartbeat){ .kind = beat_kind(terms, op),
                                                .cap = terms->treatment.cap,
                                                .interval_ms = every_ms,
                                                .last_ms = terms->started_ms };
    if (may_be_accepted(terms, op))
        wait->pulse.deadline_ms =
            terms->started_ms + (terms->prefer->has_wait ? terms->prefer->wait_ms : ASYNC_WAIT_MS);
    wait->pulse.watches = terms->options->cancel_on_disconnect;
}

/* RFC 2518 9.7 wants an absolute URI. The client's own name for us is the only one that surely leads here. */
static void name_page(struct wait *wait)
{
    const struct server *server = wait->terms.server;
    const char *host = NULL, *scheme = server->front->tls ? "https" : "http";
    apr_table_t *headers = wait->terms.head->headers;

    if (wait->terms.options->trust_forwarded) {
        const char *forwarded = apr_table_get(headers, "X-Forwarded-Proto");
        scheme = forwarded && strcmp(forwarded, "https") == 0 ? "https" : scheme;
        host = apr_table_get(headers, "X-Forwarded-Host");
    }
    if (!host)
        host = apr_table_get(headers, "Host");
    if (!host || strlen(host) > URI_MAX)
        return;
    size_t size = strlen(host) + sizeof "https://" + OPERATION_URI_SIZE;
    wait->status_uri = malloc(size);
    if (!wait->status_uri)
        abort();
    snprintf(wait->status_uri, size, "%s://%s" OPERATION_URI_BASE "%s", scheme, host, wait->operation->id);
}

/* ---- entering ---- */

static void count(enum registry_how how)
{
    static const enum metric metrics[] = {
        [REGISTRY_RAN] = METRIC_JOBS, [REGISTRY_JOINED] = METRIC_JOINS, [REGISTRY_REPLAYED] = METRIC_REPLAYS
    };
    metrics_count(metrics[how]);
}

int wait_enter(const struct wait_terms *terms, struct operation *op, enum job_lane lane, bool must_join,
               struct wait **out)
{
    struct registry *registry = terms->server->registry;
    struct registry_entry entry = { .operation = op, .lane = lane };
    struct wait *wait = calloc(1, sizeof *wait);
    if (!wait)
        abort();
    wait->terms = *terms;
    wait->waiter.done = work_done;
    wait->noting = (struct noting){ .waiter = { .done = noting_done }, .wait = wait };
    set_pulse(wait, op);
    int error = must_join ? registry_join(registry, &entry, &wait->waiter)
                          : registry_enter(registry, &entry, &wait->waiter);
    if (error) {
        free(wait);
        return error;
    }
    wait->operation = entry.operation;
    wait->how = entry.how;
    count(wait->how);
    wait->lane = lane;
    if (entry.how == REGISTRY_REPLAYED)
        wait->pulse.deadline_ms =
            TIMER_NEVER; /* its job is over any moment, though a page may say so already */
    wait->is_own = entry.operation == op;
    if (!wait->is_own) {
        op->request = NULL; /* the caller's; what it read is in its pool */
        operation_free(op);
    }
    if (wait->pulse.heartbeat.kind == BEAT_INTERIM)
        name_page(wait);
    wait->pulse.status_uri = wait->status_uri;
    wait->pulse.progress = operation_progress(wait->operation);
    wait->pulse.beats = &wait->operation->beats;
    *out = wait;
    return 0;
}

bool wait_is_for_own(const struct wait *wait)
{
    return wait->is_own;
}

/* ---- answers ---- */

/* Blanks in a listing are no interim responses: every client can take them. */
static int64_t blank_ms(const struct wait *wait)
{
    bool is_off = wait->terms.options->heartbeat_mode == HEARTBEAT_OFF;
    return is_off ? 0 : wait->pulse.heartbeat.interval_ms;
}

static struct reply_context context_of(struct wait *wait)
{
    struct server *server = wait->terms.server;
    return (struct reply_context){ .source = { .engine = server->engine,
                                               .owner = { wait->operation->user, wait->operation->client },
                                               .lane = wait->lane,
                                               .pause = wait->terms.pause,
                                               .timer = server->timer,
                                               .blank_ms = blank_ms(wait) },
                                   .active = wait->terms.options->active_content,
                                   .is_head = strcmp(wait->terms.head->method, "HEAD") == 0,
                                   .closes = wait->terms.closes || atomic_load(&server->draining),
                                   .bytes = wait->terms.bytes,
                                   .outflow = &wait->outflow };
}

/* What is written to a connection whose client has closed is taken all the same, so look before. */
static void begin_result(void *ctx)
{
    struct wait *wait = ctx;
    wait->is_told = !pulse_client_has_left(&wait->pulse);
    if (wait->is_told)
        registry_sending(wait->terms.server->registry, wait->operation, pulse_socket(&wait->pulse));
}

static enum wait_step give_result(struct wait *wait, int *out_status, struct MHD_Response **out_response)
{
    const struct reply_context context = context_of(wait);
    struct dav_reply *reply = operation_reply(wait->operation);

    pulse_release(&wait->pulse);
    begin_result(wait);
    *out_status = reply->status;
    *out_response = reply_response(reply, &context);
    return WAIT_ENDS;
}

static enum wait_step give_accepted(struct wait *wait, int *out_status, struct MHD_Response **out_response)
{
    const struct reply_context context = context_of(wait);
    struct server *server = wait->terms.server;

    pulse_release(&wait->pulse);
    wait->is_accepted = true;
    metrics_count(METRIC_ACCEPTED);
    atomic_store(&wait->operation->is_accepted, true);
    atomic_store(&wait->operation->is_named, true);
    wait->pool = shares_pool(server->shares);
    struct dav_reply *reply =
        page_accepted(server->registry, wait->pool, wait->operation, wait->terms.is_lazy);
    *out_status = reply->status;
    *out_response = reply_response(reply, &context);
    return WAIT_ENDS;
}

/* A diagnostic operation is nothing that must outlive us. */
static bool is_noted(const struct wait *wait)
{
    const struct operation *op = wait->operation;
    return !op->request || accepted_is_noted(op->request);
}

/* The time that the client was ready to wait is over. What cannot be noted is not promised: then it waits on. */
static void be_late(struct wait *wait)
{
    wait->is_late = true;
    wait->pulse.deadline_ms = TIMER_NEVER;
    if (!is_noted(wait))
        (void)acceptance_start(wait->terms.server->engine, wait->operation, wait->waiter.job,
                               &wait->noting.waiter);
}

static enum wait_step give_early(struct wait *wait, int64_t now_ms, int *out_status,
                                 struct MHD_Response **out_response)
{
    const struct trickle_source source = { .operation = wait->operation,
                                           .waiter = &wait->waiter,
                                           .pulse = &wait->pulse,
                                           .outflow = context_of(wait).source,
                                           .has_result = begin_result,
                                           .ctx = wait,
                                           .bytes = wait->terms.bytes };

    heartbeat_was_sent(&wait->pulse.heartbeat, now_ms);
    atomic_fetch_add(&wait->operation->beats, 1);
    metrics_count(METRIC_BEATS_MULTISTATUS);
    wait->pulse.deadline_ms = TIMER_NEVER;
    *out_status = 207;
    *out_response = trickle_open(&source, &wait->trickle);
    return WAIT_ENDS;
}

/* Or it could not be. */
static bool has_been_noted(const struct wait *wait)
{
    return wait->noting.waiter.job && job_is_done(&wait->noting.waiter);
}

enum wait_step wait_go_on(struct wait *wait, int *out_status, struct MHD_Response **out_response)
{
    struct pulse *pulse = &wait->pulse;
    int64_t now_ms = timer_now_ms();

    if (has_been_noted(wait))
        job_leave(&wait->noting.waiter);
    if (job_is_done(&wait->waiter))
        return give_result(wait, out_status, out_response);
    if (pulse->has_gone)
        return WAIT_IS_VAIN;
    if (pulse->deadline_ms <= now_ms)
        be_late(wait);
    if (wait->is_late && is_noted(wait))
        return give_accepted(wait, out_status, out_response);
    if (pulse->heartbeat.kind == BEAT_MULTISTATUS && heartbeat_is_due(&pulse->heartbeat, now_ms))
        return give_early(wait, now_ms, out_status, out_response);
    pulse_rest(pulse, now_ms);
    if (job_is_done(&wait->waiter) || has_been_noted(wait))
        pause_end(wait->terms.pause);
    return WAIT_RESTS;
}

/* ---- the end ---- */

const char *wait_how(const struct wait *wait)
{
    if (wait->is_accepted)
        return "accepted";
    switch (wait->how) {
    case REGISTRY_JOINED:
        return "joined";
    case REGISTRY_REPLAYED:
        return "replayed";
    case REGISTRY_RAN:
        break;
    }
    return "ran";
}

unsigned wait_interims(const struct wait *wait)
{
    return wait->pulse.interims;
}

const char *wait_limit(const struct wait *wait)
{
    return wait->is_told ? operation_reply(wait->operation)->limit : NULL;
}

const char *wait_rule(const struct wait *wait)
{
    return wait->terms.treatment.rule;
}

static enum registry_left how_it_left(const struct wait *wait, bool is_complete)
{
    if (!wait->is_told)
        return LEFT_UNTOLD;
    /* What the client did not read before it closed came back as an error by now. */
    bool is_delivered = is_complete && !hangup_has_broken(pulse_socket(&wait->pulse));
    return is_delivered ? LEFT_DELIVERED : LEFT_BROKEN;
}

void wait_free(struct wait *wait, bool is_complete)
{
    if (!wait)
        return;
    pulse_release(&wait->pulse);
    trickle_leave(wait->trickle);
    outflow_leave(wait->outflow);
    job_leave(&wait->noting.waiter);
    if (wait->pulse.interims && wait->status_uri)
        atomic_store(&wait->operation->is_named, true);
    registry_leave(wait->terms.server->registry, wait->operation, &wait->waiter,
                   how_it_left(wait, is_complete));
    if (wait->pool)
        apr_pool_destroy(wait->pool);
    free(wait->status_uri);
    free(wait);
}
