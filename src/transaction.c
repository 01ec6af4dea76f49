/*
 * A habit of libmicrohttpd (0.9.75) shapes this file: an answer queued in the very first call for a request
 * makes it close the connection. So an early refusal waits for the second call, unless the body is to
 * be left unread anyway.
 */
#include "src/transaction.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/accesslog.h"
#include "src/connection.h"
#include "src/digest.h"
#include "src/doorman.h"
#include "src/gate.h"
#include "src/head.h"
#include "src/idempotency.h"
#include "src/limitlog.h"
#include "src/metrics.h"
#include "src/outflow.h"
#include "src/pages.h"
#include "src/pause.h"
#include "src/prefer.h"
#include "src/reply.h"
#include "src/wait.h"

static const char overload[] = "The server is busy or about to stop; try again.\n";
static const char conflict[] = "This Idempotency-Key was used for another request.\n";

enum transaction_state { STATE_HEAD, STATE_AUTH, STATE_BODY, STATE_WORK, STATE_ANSWERED };

struct transaction {
    struct pause pause;
    struct visit visit;  /* until it is known who asks */
    bool is_counted;     /* by the server, as under way */
    struct watch *watch; /* the connection's */
    struct server *server;
    const struct options *options; /* as they were when it began */
    enum transaction_state state;
    apr_pool_t *pool; /* becomes the request's; no more for us once a worker has that */
    const char *target, *user;
    struct head head;
    struct page page;
    struct slow_plan slow_plan;
    struct prefer prefer;

    struct dav_reply *refusal;   /* an answer of src/ itself; NULL: none */
    struct dav_request *request; /* NULL: it did not come to that */
    bool request_is_ours;        /* no operation has it */
    const char *key, *idempotency_key;
    bool may_join;         /* the result of another may be ours, whatever the request's own answer is */
    struct digest *digest; /* of the body so far */
    struct wait *wait;     /* for the operation; NULL: none */

    struct outflow *outflow; /* of a body that is made while it is sent; NULL: none */
    int64_t started_us;
    int status;
    const char *limit; /* that was met; NULL: none */
    uint64_t bytes;
    uint64_t swallowed; /* of a body that was refused */
};

struct transaction *transaction_new(struct server *server, struct MHD_Connection *connection,
                                    const char *target)
{
    struct transaction *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->server = server;
    t->options = server->options;
    t->pool = shares_pool(server->shares);
    t->target = apr_pstrdup(t->pool, target);
    t->user = "";
    t->started_us = timer_now_us();
    pause_init(&t->pause, connection);
    const struct connection *c = connection_of(connection);
    t->watch = c ? c->watch : NULL;
    return t;
}

/* ---- answering ---- */

/* RFC 6797: only over TLS. */
static void add_hsts(struct transaction *t, struct MHD_Response *response)
{
    int64_t hsts_ms = t->options->hsts_ms;
    char value[sizeof "max-age=" + 20];

    if (!hsts_ms || !t->server->front->tls)
        return;
    snprintf(value, sizeof value, "max-age=%" PRId64, hsts_ms / 1000);
    MHD_add_response_header(response, "Strict-Transport-Security", value);
}

static enum MHD_Result queue(struct transaction *t, int status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    t->state = STATE_ANSWERED;
    t->status = status;
    watch_note(t->watch, PATIENCE_FOR_NOTHING);
    cors_add_headers(response, &t->options->origins, &t->head);
    add_hsts(t, response);
    enum MHD_Result result = MHD_queue_response(t->pause.connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static struct job_owner owner_of(const struct transaction *t)
{
    return (struct job_owner){ .user = t->user, .client = t->head.client };
}

static enum MHD_Result answer(struct transaction *t, struct dav_reply *reply)
{
    const struct reply_context context = { .source = { .engine = t->server->engine,
                                                       .owner = owner_of(t),
                                                       .lane = JOB_SHORT,
                                                       .pause = &t->pause,
                                                       .timer = t->server->timer },
                                           .active = t->options->active_content,
                                           .is_head = strcmp(t->head.method, "HEAD") == 0,
                                           .closes =
                                               t->head.is_framing_odd || atomic_load(&t->server->draining),
                                           .bytes = &t->bytes,
                                           .outflow = &t->outflow };
    if (reply->limit)
        t->limit = reply->limit;
    return queue(t, reply->status, reply_response(reply, &context));
}

static enum MHD_Result answer_request(struct transaction *t)
{
    return answer(t, dav_request_reply(t->request));
}

static void make_refusal(struct transaction *t, int status, const char *text)
{
    t->refusal = page_text(t->pool, status, text);
    if (status == 503 || status == 429)
        apr_table_setn(t->refusal->headers, "Retry-After", "5");
}

/* t->refusal goes out once the body is read, or at once if it is to be left unread. */
static enum MHD_Result send_refusal(struct transaction *t)
{
    t->state = STATE_BODY;
    return head_leaves_body(&t->head) ? answer(t, t->refusal) : MHD_YES;
}

static enum MHD_Result refuse(struct transaction *t, int status, const char *text)
{
    make_refusal(t, status, text);
    return send_refusal(t);
}

/* ---- work ---- */

static struct wait_terms terms_of(struct transaction *t)
{
    const struct client client = { .agent = t->head.agent,
                                   .http_1_1 = t->head.http_1_1,
                                   .has_proxy_marks = clients_has_proxy_marks(t->head.headers),
                                   .prefers_processing = t->prefer.processing };
    const struct options *o = t->options;

    return (struct wait_terms){ .server = t->server,
                                .options = o,
                                .pause = &t->pause,
                                .head = &t->head,
                                .prefer = &t->prefer,
                                .is_lazy = prefer_is_lazy(t->head.headers),
                                .treatment = clients_decide(&o->clients, o->heartbeat_mode, &client),
                                .every_ms = o->heartbeat_ms,
                                .started_ms = timer_now_ms(),
                                .closes = t->head.is_framing_odd,
                                .bytes = &t->bytes };
}

static enum MHD_Result go_on_waiting(struct transaction *t)
{
    struct MHD_Response *response = NULL;
    int status = 0;

    switch (wait_go_on(t->wait, &status, &response)) {
    case WAIT_RESTS:
        return MHD_YES;
    case WAIT_ENDS:
        return queue(t, status, response);
    case WAIT_IS_VAIN:
        break;
    }
    return MHD_NO; /* the operation goes on without us */
}

static struct operation *make_operation(struct transaction *t)
{
    const struct operation_identity identity = { .user = t->user,
                                                 .client = t->head.client,
                                                 .method = t->head.method,
                                                 .target = t->target,
                                                 .key = t->key,
                                                 .idempotency_key = t->idempotency_key,
                                                 .is_joinable = t->key && dav_is_joinable(t->request) };
    struct operation *op = operation_new(&identity, t->request, NULL);
    op->body = digest_close(t->digest);
    t->digest = NULL;
    return op;
}

/* The operation does not come to be; its request stays. */
static void drop_operation(struct operation *op)
{
    op->request = NULL;
    operation_free(op);
}

static enum MHD_Result refuse_work(struct transaction *t, int error)
{
    if (error == EDQUOT)
        t->limit = "max-queued-jobs-per-user";
    if (error == EEXIST)
        make_refusal(t, 422, conflict);
    else if (error == EDQUOT)
        make_refusal(t, 429, "You have as many operations waiting as one may have; try again.\n");
    else
        make_refusal(t, 503, overload);
    return answer(t, t->refusal);
}

/* The request as it is, or the result of another that it may join. `is_refused`: only that can help. */
static enum MHD_Result start_work(struct transaction *t, bool is_refused)
{
    struct wait_terms terms = terms_of(t);
    terms.closes |= dav_request_reply(t->request)->close;
    struct operation *op = make_operation(t);

    int error = wait_enter(&terms, op, operation_lane(t->request), is_refused, &t->wait);
    if (error) {
        drop_operation(op);
        return error == ENOENT ? answer_request(t) : refuse_work(t, error);
    }
    t->request_is_ours = !wait_is_for_own(t->wait);
    t->state = STATE_WORK;
    return go_on_waiting(t);
}

static enum MHD_Result start_slow(struct transaction *t)
{
    struct wait_terms terms = terms_of(t);
    const struct operation_identity identity = {
        .user = t->user, .client = t->head.client, .method = t->head.method, .target = t->target
    };
    struct operation_identity own;

    if (t->slow_plan.has_mode)
        terms.treatment = (struct treatment){ .kind = t->slow_plan.mode, .rule = "mode=" };
    if (terms.treatment.kind == BEAT_INTERIM && !t->head.http_1_1)
        terms.treatment.kind = BEAT_NONE;
    if (t->slow_plan.interims)
        terms.treatment.cap = t->slow_plan.interims;
    terms.treatment.pace_ms = 0;
    terms.every_ms = t->slow_plan.every_ms;
    const struct slow_facts facts = { .http_1_1 = t->head.http_1_1,
                                      .has_proxy_marks = clients_has_proxy_marks(t->head.headers),
                                      .rule = terms.treatment.rule,
                                      .gets_beats = terms.treatment.kind != BEAT_NONE };
    struct slow *slow = slow_new(t->server->timer, &t->slow_plan, &facts, &identity, &own);
    struct operation *op = operation_new(&own, NULL, slow);
    int error = wait_enter(&terms, op, JOB_SHORT, false, &t->wait);
    if (error) {
        operation_free(op);
        return refuse_work(t, error);
    }
    if (wait_is_for_own(t->wait))
        slow_start(slow);
    t->state = STATE_WORK;
    return go_on_waiting(t);
}

/* The request is complete. */
static enum MHD_Result finish(struct transaction *t)
{
    if (!watch_note(t->watch, PATIENCE_FOR_NOTHING))
        return MHD_NO;
    if (t->refusal)
        return answer(t, t->refusal);
    if (t->page.kind == PAGE_SLOW)
        return start_slow(t);
    if (t->page.kind != PAGE_NONE)
        return answer(t, page_answer(t->server->registry, t->pool, &t->page, &t->head, t->user));
    bool is_refused = dav_request_reply(t->request)->status != 0;
    if (is_refused ? t->may_join : !dav_is_quick(t->request))
        return start_work(t, is_refused);
    if (!is_refused)
        dav_run(t->request);
    return answer_request(t);
}

/* ---- the head ---- */

/* May the result of another operation be this request's own? Also of one that was refused: the repeated
 * MOVE finds its source gone. */
static bool look_for_same(struct transaction *t, const char *idempotency, bool *out_conflict)
{
    *out_conflict = false;
    if (!dav_changes(t->request) || (!idempotency && !dav_is_joinable(t->request)))
        return false;
    t->key = dav_request_key(t->request);
    if (idempotency)
        t->idempotency_key = apr_pstrcat(t->pool, t->user, "\n", idempotency, NULL);
    enum registry_match match =
        registry_look(t->server->registry, t->key, t->idempotency_key, t->key && dav_is_joinable(t->request));
    *out_conflict = match == MATCH_CONFLICT;
    return match == MATCH_POSSIBLE;
}

static enum MHD_Result begin_request(struct transaction *t)
{
    const struct dav_head head = {
        .pool = t->pool,
        .method = t->head.method,
        .target = t->target,
        .headers = t->head.headers,
        .user = t->user,
        .tls = t->server->front->tls != NULL,
        .has_body = t->head.has_body,
    };
    const char *idempotency = NULL;
    bool has_conflict;

    t->request = dav_request_new(shares_find(t->server->shares, t->pool, t->target), &head);
    t->request_is_ours = true;
    dav_begin(t->request);
    if (dav_request_reply(t->request)->status == 401) {
        t->refusal = doorman_ask_for_name(&t->visit);
        return send_refusal(t);
    }
    if (dav_changes(t->request) && idempotency_key(t->head.headers, &idempotency) != 0)
        return refuse(t, 400, "Idempotency-Key is one line of at most 255 visible characters.\n");
    t->may_join = look_for_same(t, idempotency, &has_conflict);
    if (has_conflict)
        return refuse(t, 422, conflict);
    const struct dav_reply *reply = dav_request_reply(t->request);
    bool leaves_body = reply->status && !t->may_join && (reply->close || head_leaves_body(&t->head));
    return leaves_body ? answer_request(t) : MHD_YES;
}

static enum MHD_Result begin(struct transaction *t)
{
    const char *message;

    t->state = STATE_BODY;
    prefer_parse(t->head.headers, &t->prefer);
    if (t->page.kind == PAGE_SLOW &&
        !slow_parse(t->pool, t->target, t->options->heartbeat_ms, &t->slow_plan, &message))
        return refuse(t, 400, message);
    if (t->page.kind == PAGE_NONE)
        return begin_request(t);
    if (t->page.kind == PAGE_SLOW || !head_leaves_body(&t->head))
        return MHD_YES;
    return answer(t, page_answer(t->server->registry, t->pool, &t->page, &t->head, t->user));
}

/* ---- who asks ---- */

static enum MHD_Result obey_doorman(struct transaction *t, enum doorman_answer answer)
{
    switch (answer) {
    case DOORMAN_LETS_IN:
        t->user = t->visit.user;
        return begin(t);
    case DOORMAN_REFUSES:
        t->refusal = t->visit.refusal;
        return send_refusal(t);
    case DOORMAN_RESTS:
        t->state = STATE_AUTH;
        watch_note(t->watch, PATIENCE_FOR_NOTHING);
        break;
    }
    return MHD_YES;
}

/* ---- what libmicrohttpd brings ---- */

static enum MHD_Result start(struct transaction *t, const char *method, const char *version)
{
    int status;

    server_transaction_began(t->server);
    t->is_counted = true;
    head_read(&t->head, t->pool, t->pause.connection, method, t->target, version,
              &t->options->trusted_proxies);
    t->page = page_find(t->pool, t->target, t->options->diagnostics);
    t->refusal = gate_answer(&(struct gate){ t->server, t->options, t->pause.connection, &t->head, &t->page },
                             t->pool);
    if (t->refusal)
        return send_refusal(t);
    if (atomic_load(&t->server->draining))
        return refuse(t, 503, overload);
    t->limit = limits_head(&t->options->limits, &t->head, &status);
    if (t->limit)
        return refuse(t, status, "The head of the request, or its URL, is too large.\n");
    return obey_doorman(t, doorman_ask(&t->visit, t->server, &t->pause, &t->head, t->pool));
}

/* A part of the body. One that nobody wants is thrown away, but not without end. */
static enum MHD_Result take_body(struct transaction *t, const char *data, size_t *size)
{
    watch_take(t->watch, *size);
    bool is_taken = t->request && !t->refusal && !dav_request_reply(t->request)->status;
    metrics_add(METRIC_BYTES_RECEIVED, *size);

    if (!is_taken)
        t->swallowed += *size;
    if (t->swallowed > HEAD_SWALLOW_CHUNKED_MAX && !apr_table_get(t->head.headers, "Content-Length"))
        return MHD_NO;
    if (t->key && (is_taken || t->may_join)) {
        if (!t->digest)
            t->digest = digest_open();
        digest_add(t->digest, data, *size);
    }
    if (is_taken)
        dav_body(t->request, data, *size);
    *size = 0;
    return MHD_YES;
}

enum MHD_Result transaction_proceed(struct transaction *t, const char *method, const char *version,
                                    const char *data, size_t *size)
{
    if (t->state <= STATE_BODY && !watch_note(t->watch, PATIENCE_FOR_BODY))
        return MHD_NO;
    switch (t->state) {
    case STATE_HEAD:
        return start(t, method, version);
    case STATE_AUTH:
        return obey_doorman(t, doorman_go_on(&t->visit));
    case STATE_BODY:
        return *size ? take_body(t, data, size) : finish(t);
    case STATE_WORK:
        return go_on_waiting(t);
    case STATE_ANSWERED:
        break;
    }
    return MHD_YES;
}

/* ---- the end ---- */

/* Of a request whose head never came whole. */
static const char *peer_text(const struct transaction *t, char text[INET6_ADDRSTRLEN])
{
    struct address peer;
    return head_peer(t->pause.connection, &peer) ? address_text(&peer, text) : NULL;
}

static void note_end(struct transaction *t, bool is_complete)
{
    if (!t->status && watch_limit(t->watch))
        t->status = 408; /* that is what it was told, where it could be */
    char address[INET6_ADDRSTRLEN];
    bool has_no_body = (t->head.method && strcmp(t->head.method, "HEAD") == 0) || t->status == 304;
    struct access_line line = {
        .user = t->user,
        .method = t->head.method,
        .target = t->target,
        .agent = t->head.agent,
        .referer = t->head.referer,
        .http_1_1 = t->head.http_1_1,
        .is_page = t->page.kind != PAGE_NONE,
        .status = t->status,
        .bytes = has_no_body ? 0 : t->bytes,
        .micros = timer_now_us() - t->started_us,
        .interims = t->wait ? wait_interims(t->wait) : 0,
        .rule = t->wait ? wait_rule(t->wait) : NULL,
        .how = t->wait ? wait_how(t->wait) : NULL,
        .broken = !is_complete,
    };

    const char *limit = t->wait ? wait_limit(t->wait) : t->limit;
    if (limit)
        limitlog_met(limit, t->head.client);
    metrics_request(line.method, line.status, line.micros);
    metrics_add(METRIC_BYTES_SENT, line.bytes);
    if (line.broken)
        metrics_count(METRIC_ANSWERS_BROKEN);
    if (!accesslog_is_on())
        return;
    line.client = t->head.client && *t->head.client ? t->head.client : peer_text(t, address);
    accesslog_write(&line);
}

void transaction_free(struct transaction *t, enum MHD_RequestTerminationCode how)
{
    bool is_complete = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;

    note_end(t, is_complete);
    outflow_leave(t->outflow);
    watch_note(t->watch, PATIENCE_FOR_HEAD);
    if (t->is_counted)
        server_transaction_ended(t->server);
    doorman_leave(&t->visit);

    /* What the transaction read is in its request's pool, if it came to a request. */
    bool has_request = t->request != NULL;
    wait_free(t->wait, is_complete); /* the operation itself may go on */
    if (t->request_is_ours)
        dav_request_free(t->request);
    else if (!has_request)
        apr_pool_destroy(t->pool);
    digest_close(t->digest);
    pause_release(&t->pause);
    free(t);
}
