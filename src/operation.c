/*
 * What differs between a request and the diagnostic operation is told apart here and nowhere else.
 */
#include "src/operation.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "src/slow.h"

#define MESSAGE_MAX  512 /* of an answer's text, on the page */
#define RETRY_MAX_S  30
#define RETRY_BUSY_S 60
#define RETRY_SHARE  4    /* ask again after a quarter of what it has taken so far */
#define MS           1000 /* in a second */

static void make_id(char out[OPERATION_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[(OPERATION_ID_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        abort(); /* so few cannot fail once the machine is up */
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = '\0';
}

int64_t operation_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS + now.tv_nsec / 1000000;
}

struct operation *operation_new(const struct operation_identity *identity, struct dav_request *request,
                                struct slow *slow)
{
    struct operation *op = calloc(1, sizeof *op);
    if (!op)
        abort();
    make_id(op->id);
    op->user = identity->user;
    op->client = identity->client;
    op->method = identity->method;
    op->target = identity->target;
    op->key = identity->key;
    op->idempotency_key = identity->idempotency_key;
    op->is_joinable = identity->is_joinable;
    op->request = request;
    op->slow = slow;
    op->started_ms = timer_now_ms();
    op->started_unix_ms = operation_unix_ms();
    if (slow)
        slow_bind(slow, op);
    return op;
}

void operation_free(struct operation *op)
{
    if (!op)
        return;
    dav_request_free(op->request);
    slow_free(op->slow);
    free(op->adopted_key);
    free(op);
}

enum job_lane operation_lane(const struct dav_request *request)
{
    if (dav_is_long(request))
        return JOB_LONG;
    if (dav_is_upload(request))
        return JOB_UPLOAD;
    return dav_changes(request) ? JOB_CHANGE : JOB_SHORT;
}

void operation_cancel(struct operation *op, enum dav_stop_reason why)
{
    int none = 0;
    atomic_compare_exchange_strong(&op->cancelled, &none, (int)why + 1);
    if (op->request)
        dav_request_cancel(op->request, why);
    else
        slow_stop(op->slow);
}

const struct progress *operation_progress(const struct operation *op)
{
    return op->request ? dav_request_progress(op->request) : NULL;
}

struct dav_reply *operation_reply(struct operation *op)
{
    return op->request ? dav_request_reply(op->request) : slow_reply(op->slow);
}

bool operation_multistatus(struct operation *op, struct buffer *out)
{
    if (op->request)
        return dav_request_multistatus(op->request, out);
    slow_multistatus(op->slow, out);
    return true;
}

/* ---- as its owner sees it ---- */

static enum job_view_state state_of(struct operation *op, bool is_ended, int status)
{
    if (!is_ended)
        return atomic_load(&op->is_running) ? JOB_VIEW_RUNNING : JOB_VIEW_WAITING;
    bool is_partial = status == 207 && op->request && dav_changes(op->request); /* it names what failed */
    if (status < 400 && !is_partial)
        return JOB_VIEW_SUCCEEDED;
    return atomic_load(&op->cancelled) ? JOB_VIEW_CANCELLED : JOB_VIEW_FAILED;
}

/* When to ask again: soon while it is young, later when it lasts or others wait for their turn. */
static unsigned retry_after(int64_t elapsed_ms, unsigned waiting, unsigned workers)
{
    int64_t seconds = elapsed_ms / MS / RETRY_SHARE;
    if (seconds > RETRY_MAX_S)
        seconds = RETRY_MAX_S;
    seconds += workers ? waiting / workers : 0;
    if (seconds > RETRY_BUSY_S)
        seconds = RETRY_BUSY_S;
    return seconds > 1 ? (unsigned)seconds : 1;
}

static void view_result(apr_pool_t *pool, const struct dav_reply *reply, struct job_view *out)
{
    out->status = reply->status;
    out->location = apr_table_get(reply->headers, "Location");
    out->etag = apr_table_get(reply->headers, "ETag");
    const char *type = apr_table_get(reply->headers, "Content-Type");
    if (reply->kind == DAV_BUFFER && type && strncmp(type, "text/plain", 10) == 0) {
        size_t len = reply->size < MESSAGE_MAX ? reply->size : MESSAGE_MAX;
        while (len > 0 && reply->data[len - 1] == '\n')
            len--;
        out->message = apr_pstrmemdup(pool, reply->data, len);
    } else if (reply->status == 507) { /* told by a condition, for programs */
        out->message = "There is not enough free space, or the quota is used up.";
    }
}

static void view_progress(const struct progress *progress, struct job_view *out)
{
    if (!progress)
        return;
    out->members_done = atomic_load(&progress->members_done);
    out->members_total = atomic_load(&progress->members_total);
    out->bytes_done = atomic_load(&progress->bytes_done);
    out->bytes_total = atomic_load(&progress->bytes_total);
}

void operation_view(struct operation *op, apr_pool_t *pool, bool is_ended, int64_t now_ms, unsigned waiting,
                    unsigned workers, struct job_view *out)
{
    int64_t until_ms = is_ended ? op->ended_ms : now_ms;

    *out = (struct job_view){ .id = op->id,
                              .status_uri = apr_pstrcat(pool, OPERATION_URI_BASE, op->id, NULL),
                              .method = op->method,
                              .source = op->target,
                              .started_ms = op->started_unix_ms,
                              .elapsed_ms = until_ms - op->started_ms };
    if (op->request) {
        const struct dav_paths paths = dav_request_paths(op->request);
        if (paths.path)
            out->source = dav_request_href(op->request, pool, paths.path);
        if (paths.dest)
            out->destination = dav_request_href(op->request, pool, paths.dest);
    }
    view_progress(operation_progress(op), out);
    if (is_ended)
        view_result(pool, operation_reply(op), out);
    else
        out->retry_after = retry_after(out->elapsed_ms, waiting, workers);
    out->state = state_of(op, is_ended, out->status);
}
