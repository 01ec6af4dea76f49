/*
 * A habit of libmicrohttpd (0.9.75) shapes this file: an answer queued in the very first call for a request
 * makes it close the connection. So an early refusal waits for the second call, unless the body is to
 * be left unread anyway.
 */
#include "src/transaction.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/clients.h"
#include "src/hangup.h"
#include "src/heartbeat.h"
#include "src/interim.h"
#include "src/log.h"
#include "src/outflow.h"
#include "src/pause.h"

/* A refused body up to this size is read and thrown away, so that the connection lives on; a client
 * that announced more, or asked first, gets its answer at once. */
#define SWALLOW_MAX         (1024 * 1024)
#define SWALLOW_CHUNKED_MAX (64 * 1024 * 1024) /* where it did not say how much */

#define SMALL_FILE (8 * 1024)

enum transaction_state { STATE_HEAD, STATE_AUTH, STATE_BODY, STATE_WORK, STATE_ANSWERED };

struct verification {
    struct auth *auth;
    apr_pool_t *pool;
    const char *header;
    enum auth_answer answer;
    const char *user;
};

/* An answer of src/ itself, before or instead of WebDAV's. All texts are static. */
struct refusal {
    int status; /* 0 = none */
    const char *text, *header, *value;
};

static const struct refusal overload = { 503, "The server is busy or about to stop; try again.\n",
                                         "Retry-After", "5" };
static const struct refusal unauthorized = { 401, "A user name and password are needed.\n",
                                             "WWW-Authenticate",
                                             "Basic realm=\"Holdfast\", charset=\"UTF-8\"" };

struct transaction {
    struct job_waiter waiter; /* first: what work_done() gets */
    struct alarm beat_alarm;
    bool uses_timer; /* the alarm was set and must be cancelled in the end */
    bool is_counted; /* by the server, as under way */
    bool is_framing_odd;
    struct hangup *hangup; /* the connection's */
    struct server *server;
    enum transaction_state state;
    struct pause pause;
    apr_pool_t *pool; /* becomes the request's */
    const char *target, *method, *user, *agent, *rule;
    apr_table_t *headers;
    struct verification *verification;
    const struct refusal *refusal; /* NULL: none */
    struct dav_request *request;
    bool request_is_ours;    /* no job has it */
    struct outflow *outflow; /* of a body that is made while it is sent; NULL: none */
    struct heartbeat heartbeat;
    int64_t started_ms;
    int status;
    unsigned interims;
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
    t->pool = dav_pool_new(server->dav);
    t->target = apr_pstrdup(t->pool, target);
    t->user = "";
    t->started_ms = timer_now_ms();
    pause_init(&t->pause, connection);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    t->hangup = info ? info->socket_context : NULL;
    return t;
}

/* ---- waking up ---- */

static void work_done(struct job_waiter *waiter)
{
    pause_end(&((struct transaction *)waiter)->pause);
}

static int64_t beat_due(struct alarm *alarm)
{
    struct transaction *t = (struct transaction *)((char *)alarm - offsetof(struct transaction, beat_alarm));
    pause_end(&t->pause);
    return TIMER_NEVER;
}

/* ---- answering ---- */

static enum MHD_Result queue(struct transaction *t, int status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(t->pause.connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_refusal(struct transaction *t, const struct refusal *refusal)
{
    size_t size = strlen(refusal->text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)refusal->text, MHD_RESPMEM_PERSISTENT);
    t->state = STATE_ANSWERED;
    t->status = refusal->status;
    t->bytes = size;
    if (response) {
        MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
        MHD_add_response_header(response, refusal->header, refusal->value);
        if (t->is_framing_odd || atomic_load(&t->server->draining))
            MHD_add_response_header(response, "Connection", "close");
    }
    return queue(t, refusal->status, response);
}

/* A small file goes out in one piece with its head: one system call and one packet less. */
static struct MHD_Response *read_small_file(const struct dav_reply *reply)
{
    char *data = malloc(reply->length);
    if (data && pread(reply->fd, data, reply->length, (off_t)reply->offset) == (ssize_t)reply->length)
        return MHD_create_response_from_buffer(reply->length, data, MHD_RESPMEM_MUST_FREE);
    free(data);
    return NULL;
}

static enum job_lane lane_of(const struct dav_request *request)
{
    if (dav_is_long(request))
        return JOB_LONG;
    return dav_is_upload(request) ? JOB_UPLOAD : JOB_SHORT;
}

/* Blanks in a listing are no interim responses: every client can take them. */
static int64_t blank_interval_ms(const struct transaction *t)
{
    const struct options *options = t->server->options;
    return options->heartbeat_mode == HEARTBEAT_OFF ? 0 : options->heartbeat_ms;
}

static struct MHD_Response *make_response(struct transaction *t, struct dav_reply *reply)
{
    struct MHD_Response *response;

    switch (reply->kind) {
    case DAV_FILE:
        if (reply->length == 0)
            break;
        t->bytes = reply->length;
        response = reply->length <= SMALL_FILE ? read_small_file(reply) : NULL;
        if (response)
            return response;
        response = MHD_create_response_from_fd_at_offset64(reply->length, reply->fd, reply->offset);
        if (response)
            reply->fd = -1;
        return response;
    case DAV_STREAM:
        response = outflow_open(t->server->engine, lane_of(t->request), t->server->timer,
                                blank_interval_ms(t), &t->pause, reply->stream, &t->bytes, &t->outflow);
        reply->stream = NULL;
        return response;
    case DAV_BUFFER:
        t->bytes = reply->size;
        return MHD_create_response_from_buffer(reply->size, (void *)(uintptr_t)reply->data,
                                               MHD_RESPMEM_PERSISTENT);
    case DAV_NO_BODY:
        break;
    }
    return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
}

static int add_header(void *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
    return 1;
}

static enum MHD_Result answer(struct transaction *t)
{
    struct dav_reply *reply = dav_request_reply(t->request);
    struct MHD_Response *response = make_response(t, reply);

    t->state = STATE_ANSWERED;
    t->status = reply->status;
    if (response) {
        /* libmicrohttpd would end a body of unknown length with its last chunk for HEAD as well. */
        if (reply->kind == DAV_STREAM && strcmp(t->method, "HEAD") == 0)
            MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
        apr_table_do(add_header, response, reply->headers, NULL);
        if (reply->close || atomic_load(&t->server->draining))
            MHD_add_response_header(response, "Connection", "close");
    }
    return queue(t, reply->status, response);
}

/* False if the client has gone. */
static bool send_beat(struct transaction *t)
{
    int error = interim_send_processing(t->pause.connection);
    heartbeat_was_sent(&t->heartbeat, timer_now_ms());
    t->interims += !error;
    return error != EPIPE;
}

/* ---- work ---- */

static void run_request(void *item)
{
    dav_run(item);
}

static bool request_has_cleanup(void *item)
{
    return dav_has_cleanup(item);
}

static void clean_up_request(void *item)
{
    dav_cleanup(item);
}

static void release_request(void *item)
{
    dav_request_free(item);
}

static void stop_request(void *item)
{
    dav_request_stop(item);
}

static const struct job_kind request_kind = { .run = run_request,
                                              .has_after = request_has_cleanup,
                                              .after = clean_up_request,
                                              .release = release_request,
                                              .stop = stop_request };

/* Rests until the job ends or the next beat is due. Resting comes first: a wake-up before it would be
 * lost, one after it only costs a call. */
static enum MHD_Result rest(struct transaction *t)
{
    int64_t due_ms = heartbeat_due_ms(&t->heartbeat);
    pause_begin(&t->pause);
    if (due_ms != INT64_MAX) {
        t->uses_timer = true;
        t->beat_alarm.ring = beat_due;
        timer_set(t->server->timer, &t->beat_alarm, due_ms);
    }
    if (job_is_done(&t->waiter))
        pause_end(&t->pause);
    return MHD_YES;
}

static enum MHD_Result start_work(struct transaction *t)
{
    t->waiter.done = work_done;
    const struct job_owner owner = { t->user, "" };
    if (job_submit(t->server->engine, &request_kind, t->request, lane_of(t->request), &owner, &t->waiter) !=
        0)
        return answer_refusal(t, &overload);
    t->request_is_ours = false;
    t->state = STATE_WORK;
    return rest(t);
}

static enum MHD_Result go_on_working(struct transaction *t)
{
    if (job_is_done(&t->waiter)) {
        timer_cancel(t->server->timer, &t->beat_alarm);
        return answer(t);
    }
    if (heartbeat_is_due(&t->heartbeat, timer_now_ms()) && !send_beat(t))
        return MHD_NO; /* the job goes on without us */
    return rest(t);
}

/* The request is complete. */
static enum MHD_Result finish(struct transaction *t)
{
    hangup_note(t->hangup, false);
    if (t->refusal)
        return answer_refusal(t, t->refusal);
    if (dav_request_reply(t->request)->status == 0) {
        if (!dav_is_quick(t->request))
            return start_work(t);
        dav_run(t->request);
    }
    return answer(t);
}

/* ---- the head ---- */

/* libmicrohttpd adds a folded line to the header's name (webdav/begin.c refuses all such). Where the body
 * ends is then anybody's guess, also after an answer that does not come from there. */
static bool is_folded(const char *name, const char *header)
{
    size_t len = strlen(header);
    return strncasecmp(name, header, len) == 0 && name[len];
}

static enum MHD_Result collect_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct transaction *t = cls;
    (void)kind;
    t->is_framing_odd |= is_folded(name, "Content-Length") || is_folded(name, "Transfer-Encoding");
    apr_table_addn(t->headers, apr_pstrdup(t->pool, name), apr_pstrdup(t->pool, value ? value : ""));
    return MHD_YES;
}

static bool has_body(const struct transaction *t)
{
    const char *length = apr_table_get(t->headers, "Content-Length");
    return apr_table_get(t->headers, "Transfer-Encoding") ||
           (length && strspn(length, "0") != strlen(length));
}

/* Whatever a client expects, it may not send its body before it has an answer. */
static bool expects_something(const struct transaction *t)
{
    const char *expect = apr_table_get(t->headers, "Expect");
    return expect && *expect;
}

static bool announces_more_than(const struct transaction *t, const char *header, long long max)
{
    const char *length = apr_table_get(t->headers, header);
    return length && atoll(length) > max;
}

/* Is a body that nobody wants to be left unread? Then the answer goes out at once and the connection
 * ends with it. */
static bool leaves_body_unread(const struct transaction *t)
{
    return expects_something(t) || announces_more_than(t, "Content-Length", SWALLOW_MAX) ||
           announces_more_than(t, "X-Expected-Entity-Length", SWALLOW_CHUNKED_MAX);
}

static enum MHD_Result refuse(struct transaction *t, const struct refusal *refusal)
{
    t->refusal = refusal;
    t->state = STATE_BODY;
    return leaves_body_unread(t) ? answer_refusal(t, refusal) : MHD_YES;
}

static enum MHD_Result begin(struct transaction *t)
{
    const struct dav_head head = {
        .pool = t->pool,
        .method = t->method,
        .target = t->target,
        .headers = t->headers,
        .user = t->user,
        .tls = t->server->tls_cert != NULL,
        .has_body = has_body(t),
    };
    t->request = dav_request_new(t->server->dav, &head);
    t->request_is_ours = true;
    dav_begin(t->request);
    if (t->heartbeat.kind == BEAT_NONE && blank_interval_ms(t))
        dav_request_hurry(t->request);
    t->state = STATE_BODY;
    const struct dav_reply *reply = dav_request_reply(t->request);
    return reply->status && (reply->close || leaves_body_unread(t)) ? answer(t) : MHD_YES;
}

static void verify(void *item)
{
    struct verification *v = item;
    v->answer = auth_verify(v->auth, v->header, timer_now_ms(), v->pool, &v->user);
}

static void release_verification(void *item)
{
    apr_pool_destroy(((struct verification *)item)->pool);
}

static const struct job_kind verification_kind = { .run = verify, .release = release_verification };

static enum MHD_Result start_verification(struct transaction *t, const char *header)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    struct verification *v = apr_pcalloc(pool, sizeof *v);
    *v = (struct verification){ .auth = t->server->auth, .pool = pool, .header = apr_pstrdup(pool, header) };

    t->waiter.done = work_done;
    if (job_submit(t->server->engine, &verification_kind, v, JOB_VERIFY, &(struct job_owner){ "", "" },
                   &t->waiter) != 0) {
        apr_pool_destroy(pool);
        return refuse(t, &overload);
    }
    t->verification = v;
    t->state = STATE_AUTH;
    pause_begin(&t->pause);
    if (job_is_done(&t->waiter))
        pause_end(&t->pause);
    return MHD_YES;
}

static enum MHD_Result authenticated(struct transaction *t, enum auth_answer answer, const char *user)
{
    if (answer != AUTH_OK)
        return refuse(t, &unauthorized);
    t->user = apr_pstrdup(t->pool, user);
    return begin(t);
}

static enum MHD_Result finish_verification(struct transaction *t)
{
    if (!job_is_done(&t->waiter))
        return MHD_YES;
    enum auth_answer answer = t->verification->answer;
    const char *user = answer == AUTH_OK ? apr_pstrdup(t->pool, t->verification->user) : "";
    t->verification = NULL;
    job_leave(&t->waiter);
    return authenticated(t, answer, user);
}

static void choose_heartbeat(struct transaction *t, bool http_1_1)
{
    const struct options *options = t->server->options;
    const struct client client = { .agent = t->agent,
                                   .http_1_1 = http_1_1,
                                   .has_proxy_marks = clients_has_proxy_marks(t->headers) };
    const struct treatment chosen = clients_decide(&options->clients, options->heartbeat_mode, &client);
    int64_t interval_ms = options->heartbeat_ms;

    if (chosen.pace_ms && chosen.pace_ms < interval_ms)
        interval_ms = chosen.pace_ms;
    t->rule = chosen.rule;
    t->heartbeat = (struct heartbeat){ .kind = chosen.kind == BEAT_INTERIM ? BEAT_INTERIM : BEAT_NONE,
                                       .cap = chosen.cap,
                                       .interval_ms = interval_ms,
                                       .last_ms = t->started_ms };
}

static enum MHD_Result start(struct transaction *t, const char *method, const char *version)
{
    const char *user = "";

    server_transaction_began(t->server);
    t->is_counted = true;
    t->method = apr_pstrdup(t->pool, method);
    t->headers = apr_table_make(t->pool, 16);
    MHD_get_connection_values(t->pause.connection, MHD_HEADER_KIND, collect_header, t);
    t->agent = apr_table_get(t->headers, "User-Agent");
    choose_heartbeat(t, strcmp(version, MHD_HTTP_VERSION_1_1) == 0);
    if (atomic_load(&t->server->draining))
        return refuse(t, &overload);
    if (!t->server->auth)
        return begin(t);

    const char *header = apr_table_get(t->headers, "Authorization");
    enum auth_answer answer = auth_recall(t->server->auth, header, t->started_ms, t->pool, &user);
    if (answer == AUTH_UNKNOWN)
        return start_verification(t, header);
    return authenticated(t, answer, user);
}

/* A part of the body. One that nobody wants is thrown away, but not without end. */
static enum MHD_Result take_body(struct transaction *t, const char *data, size_t *size)
{
    if (t->refusal || dav_request_reply(t->request)->status) {
        t->swallowed += *size;
        if (t->swallowed > SWALLOW_CHUNKED_MAX && !apr_table_get(t->headers, "Content-Length"))
            return MHD_NO;
    } else {
        dav_body(t->request, data, *size);
    }
    *size = 0;
    return MHD_YES;
}

enum MHD_Result transaction_proceed(struct transaction *t, const char *method, const char *version,
                                    const char *data, size_t *size)
{
    if (t->state <= STATE_BODY)
        hangup_note(t->hangup, true);
    switch (t->state) {
    case STATE_HEAD:
        return start(t, method, version);
    case STATE_AUTH:
        return finish_verification(t);
    case STATE_BODY:
        return *size ? take_body(t, data, size) : finish(t);
    case STATE_WORK:
        return go_on_working(t);
    case STATE_ANSWERED:
        break;
    }
    return MHD_YES;
}

/* ---- the end ---- */

static const char *client_address(struct transaction *t, char text[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(t->pause.connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *bytes = NULL;

    if (address && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return bytes ? inet_ntop(address->sa_family, bytes, text, INET6_ADDRSTRLEN) : NULL;
}

static void log_end(struct transaction *t, enum MHD_RequestTerminationCode how)
{
    if (!log_is_on(LOG_LEVEL_INFO))
        return;
    char address[INET6_ADDRSTRLEN];
    bool has_no_body = (t->method && strcmp(t->method, "HEAD") == 0) || t->status == 304;
    const struct access_line line = {
        .client = client_address(t, address),
        .user = t->user,
        .method = t->method,
        .target = t->target,
        .agent = t->agent,
        .status = t->status,
        .bytes = has_no_body ? 0 : t->bytes,
        .millis = timer_now_ms() - t->started_ms,
        .interims = t->interims,
        .rule = t->rule,
        .broken = how != MHD_REQUEST_TERMINATED_COMPLETED_OK,
    };
    log_access(&line);
}

void transaction_free(struct transaction *t, enum MHD_RequestTerminationCode how)
{
    if (t->uses_timer)
        timer_cancel(t->server->timer, &t->beat_alarm);
    log_end(t, how);
    outflow_leave(t->outflow);
    hangup_note(t->hangup, true);
    if (t->is_counted)
        server_transaction_ended(t->server);

    /* What the transaction read is in its request's pool, if it came to a request. */
    bool has_request = t->request != NULL;
    job_leave(&t->waiter); /* the job itself goes on */
    if (t->request_is_ours)
        dav_request_free(t->request);
    else if (!has_request)
        apr_pool_destroy(t->pool);
    pause_release(&t->pause);
    free(t);
}
