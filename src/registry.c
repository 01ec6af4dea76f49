/*
 * Two lists, of what runs and of what is kept, both the oldest first, so that the limits of time look at
 * their heads only.
 */
#include "src/registry.h"

#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/counting.h"
#include "src/hangup.h"
#include "src/opindex.h"

#define TICK_MAX_MS 1000
#define TICK_MIN_MS 20
#define TICK_SHARE  4 /* how late a limit may be noticed: a quarter of it */

TAILQ_HEAD(operation_list, operation);

struct registry {
    struct alarm alarm; /* first: what tick() gets */
    pthread_mutex_t mutex;
    struct job_engine *engine;
    struct registry_limits limits;
    int64_t tick_ms;
    struct opindex index;
    struct operation_list running; /* the oldest first */
    struct operation_list kept;    /* likewise */
    unsigned kept_count;
    size_t kept_bytes;
};

static const struct job_kind operation_kind;

/* ---- keeping and forgetting; all with the mutex held ---- */

static size_t size_of(struct operation *op)
{
    const struct dav_reply *reply = operation_reply(op);
    return sizeof *op + (reply->kind == DAV_BUFFER ? reply->size : 0);
}

/* Out of everything. It may be freed by this. */
static void forget(struct registry *registry, struct operation *op)
{
    opindex_remove(&registry->index, op);
    if (op->is_kept) {
        TAILQ_REMOVE(&registry->kept, op, link);
        registry->kept_count--;
        registry->kept_bytes -= size_of(op);
    } else {
        TAILQ_REMOVE(&registry->running, op, link);
    }
    job_leave(&op->keeper);
}

static struct operation *oldest_kept(struct registry *registry)
{
    return TAILQ_FIRST(&registry->kept);
}

static void keep(struct registry *registry, struct operation *op)
{
    TAILQ_REMOVE(&registry->running, op, link);
    TAILQ_INSERT_TAIL(&registry->kept, op, link);
    op->is_kept = true;
    registry->kept_count++;
    registry->kept_bytes += size_of(op);
    while (registry->kept_count > REGISTRY_KEPT_MAX || registry->kept_bytes > REGISTRY_KEPT_BYTES) {
        struct operation *oldest = oldest_kept(registry);
        if (oldest->waiting)
            break; /* it is being replayed at this moment */
        forget(registry, oldest);
    }
}

/* ---- what becomes of a result ---- */

/* It was delivered to nobody, and is not what its own client brought about by leaving. */
static bool may_be_replayed(const struct operation *op)
{
    return op->is_ended && !op->is_delivered && !op->is_unwanted && !op->is_touched && op->is_joinable;
}

/* The result is there and nobody waits for it now. */
static void settle(struct registry *registry, struct operation *op)
{
    bool is_wanted = may_be_replayed(op) || op->idempotency_key || atomic_load(&op->is_named);

    if (!may_be_replayed(op))
        opindex_remove_key(&registry->index, op);
    if (!is_wanted || registry->limits.retention_ms == 0)
        forget(registry, op);
    else if (!op->is_kept)
        keep(registry, op);
}

static void touch(struct registry *registry, struct operation *op)
{
    op->is_touched = true;
    if (op->is_ended && !op->waiting)
        settle(registry, op);
}

/* What is kept is of no use to a repeated request once something else changes what it is about. Nor may that join
 * an operation which began before another that changes the same: who sends PUT, DELETE and PUT again
 * wants the last one done. (A COPY that lasts while its source is written to is joined all the same.) */
static void touch_others(struct registry *registry, struct operation *op)
{
    struct operation *other, *next;
    for (other = TAILQ_FIRST(&registry->kept); other; other = next) {
        next = TAILQ_NEXT(other, link);
        if (other->request && may_be_replayed(other) && dav_touches(op->request, other->request))
            touch(registry, other);
    }
    bool is_later = false; /* than op */
    for (other = TAILQ_FIRST(&registry->running); other; other = next) {
        next = TAILQ_NEXT(other, link);
        is_later |= other == op;
        if (other == op || !other->request || !other->is_joinable || other->is_touched)
            continue;
        if (other->is_ended ? dav_touches(op->request, other->request)
                            : !is_later && dav_overwrites(op->request, other->request))
            touch(registry, other);
    }
}

static void ended(struct registry *registry, struct operation *op)
{
    struct dav_trace trace = { 0 };
    if (op->is_joinable && op->request)
        dav_request_trace(op->request, &trace);

    pthread_mutex_lock(&registry->mutex);
    op->trace = trace;
    op->ended_ms = timer_now_ms();
    op->is_ended = true;
    if (op->request && dav_changes(op->request))
        touch_others(registry, op);
    if (!op->waiting)
        settle(registry, op);
    pthread_mutex_unlock(&registry->mutex);
}

/* ---- the job ---- */

static void run(void *item)
{
    struct operation *op = item;
    struct registry *registry = op->registry;

    atomic_store(&op->is_running, true);
    dav_run(op->request);
    atomic_store(&op->is_over, true);
    ended(registry, op);
}

static bool has_cleanup(void *item)
{
    const struct operation *op = item;
    return op->request && dav_has_cleanup(op->request);
}

static void clean_up(void *item)
{
    dav_cleanup(((struct operation *)item)->request);
}

static void release(void *item)
{
    operation_free(item);
}

static void stop(void *item)
{
    struct operation *op = item;
    operation_cancel(op, DAV_STOP_SERVER);
    if (op->request)
        dav_request_stop(op->request);
}

static const struct job_kind operation_kind = {
    .run = run, .has_after = has_cleanup, .after = clean_up, .release = release, .stop = stop
};

/* ---- joining and starting; with the mutex held ---- */

static bool has_same_body(const struct operation *a, const struct operation *b)
{
    return a->body.low == b->body.low && a->body.high == b->body.high && a->body.size == b->body.size;
}

static bool is_untouched(struct operation *op)
{
    struct dav_trace now;
    if (op->is_touched)
        return false;
    if (!op->request)
        return true;
    dav_request_trace(op->request, &now);
    return memcmp(&now, &op->trace, sizeof now) == 0;
}

/* The socket is there as long as its transaction has not left. */
static bool is_being_told(const struct operation *op)
{
    return op->sending && !hangup_has_broken(op->sending_on);
}

/* An operation that this one may join without being asked. */
static struct operation *find_joinable(struct registry *registry, const struct operation *op)
{
    if (!op->is_joinable)
        return NULL;
    for (struct operation *at = opindex_by_key(&registry->index, op->key); at; at = at->same_next) {
        if (!has_same_body(at, op) || at->is_unwanted || at->is_touched)
            continue;
        if (!at->is_ended)
            return at;
        if (may_be_replayed(at) && !is_being_told(at) && is_untouched(at))
            return at;
    }
    return NULL;
}

static int find(struct registry *registry, const struct operation *op, struct operation **out)
{
    *out = NULL;
    if (op->idempotency_key)
        *out = opindex_by_idempotency_key(&registry->index, op->idempotency_key);
    if (!*out) {
        *out = find_joinable(registry, op);
        return 0;
    }
    bool is_same = op->key && (*out)->key && strcmp(op->key, (*out)->key) == 0 && has_same_body(op, *out);
    return is_same ? 0 : EEXIST;
}

static int start(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    struct operation *op = entry->operation;
    const struct job_owner owner = { .user = op->user, .client = op->client };
    int error;

    op->registry = registry;
    if (op->request)
        error = job_submit(registry->engine, &operation_kind, op, entry->lane, &owner, &op->keeper);
    else
        error = job_begin(registry->engine, &operation_kind, op, &op->keeper);
    if (error)
        return error;
    opindex_add(&registry->index, op);
    TAILQ_INSERT_TAIL(&registry->running, op, link);
    if (op->request && dav_changes(op->request))
        touch_others(registry, op);
    job_join(op->keeper.job, waiter);
    op->waiting = 1;
    entry->how = REGISTRY_RAN;
    return 0;
}

static void join(struct operation *op, struct registry_entry *entry, struct job_waiter *waiter)
{
    job_join(op->keeper.job, waiter);
    op->waiting++;
    entry->operation = op;
    entry->how = op->is_ended ? REGISTRY_REPLAYED : REGISTRY_JOINED;
}

enum registry_match registry_look(struct registry *registry, const char *key, const char *idempotency_key,
                                  bool is_joinable)
{
    enum registry_match match = MATCH_NONE;
    struct operation *same = NULL;

    pthread_mutex_lock(&registry->mutex);
    if (idempotency_key)
        same = opindex_by_idempotency_key(&registry->index, idempotency_key);
    if (same)
        match = key && same->key && strcmp(key, same->key) == 0 ? MATCH_POSSIBLE : MATCH_CONFLICT;
    else if (is_joinable && opindex_by_key(&registry->index, key))
        match = MATCH_POSSIBLE;
    pthread_mutex_unlock(&registry->mutex);
    return match;
}

int registry_enter(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    struct operation *same;

    pthread_mutex_lock(&registry->mutex);
    int error = find(registry, entry->operation, &same);
    if (!error && same)
        join(same, entry, waiter);
    else if (!error)
        error = start(registry, entry, waiter);
    pthread_mutex_unlock(&registry->mutex);
    return error;
}

int registry_join(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    struct operation *same;

    pthread_mutex_lock(&registry->mutex);
    int error = find(registry, entry->operation, &same);
    if (!error && same)
        join(same, entry, waiter);
    else if (!error)
        error = ENOENT;
    pthread_mutex_unlock(&registry->mutex);
    return error;
}

/* ---- leaving ---- */

void registry_sending(struct registry *registry, struct operation *op, int socket)
{
    pthread_mutex_lock(&registry->mutex);
    op->sending++;
    op->sending_on = socket;
    pthread_mutex_unlock(&registry->mutex);
}

/* Nobody waits for it any more. */
static void abandon(struct registry *registry, struct operation *op)
{
    if (!registry->limits.cancel_on_disconnect || atomic_load(&op->is_accepted))
        return;
    op->is_unwanted = true;
    operation_cancel(op, DAV_STOP_CANCELLED);
}

void registry_leave(struct registry *registry, struct operation *op, struct job_waiter *waiter,
                    enum registry_left how)
{
    pthread_mutex_lock(&registry->mutex);
    op->waiting--;
    if (how != LEFT_UNTOLD)
        op->sending--;
    if (how == LEFT_DELIVERED)
        op->is_delivered = true;
    if (!op->waiting && op->is_ended)
        settle(registry, op);
    else if (!op->waiting)
        abandon(registry, op);
    pthread_mutex_unlock(&registry->mutex);
    job_leave(waiter);
}

void registry_end(struct registry *registry, struct operation *op)
{
    struct job *job = op->keeper.job; /* settling may leave it */
    ended(registry, op);
    job_end(job);
}

void registry_stop_diagnostics(struct registry *registry)
{
    pthread_mutex_lock(&registry->mutex);
    for (struct operation *op = TAILQ_FIRST(&registry->running); op; op = TAILQ_NEXT(op, link))
        if (op->slow)
            operation_cancel(op, DAV_STOP_SERVER);
    pthread_mutex_unlock(&registry->mutex);
}

/* ---- limits of time ---- */

static void drop_old(struct registry *registry, int64_t now_ms)
{
    struct operation *op, *next;
    for (op = TAILQ_FIRST(&registry->kept); op; op = next) {
        next = TAILQ_NEXT(op, link);
        if (op->ended_ms + registry->limits.retention_ms > now_ms)
            break;
        if (!op->waiting)
            forget(registry, op);
    }
}

static void count_lasting(struct registry *registry, int64_t now_ms)
{
    for (struct operation *op = TAILQ_FIRST(&registry->running); op; op = TAILQ_NEXT(op, link)) {
        if (op->started_ms + COUNTING_AGE_MS > now_ms)
            break;
        if (!op->is_ended)
            counting_start(registry->engine, op);
    }
}

static void stop_overdue(struct registry *registry, int64_t now_ms)
{
    if (!registry->limits.timeout_ms)
        return;
    for (struct operation *op = TAILQ_FIRST(&registry->running); op; op = TAILQ_NEXT(op, link)) {
        if (op->started_ms + registry->limits.timeout_ms > now_ms)
            break;
        if (!op->is_ended)
            operation_cancel(op, DAV_STOP_TIMEOUT);
    }
}

static int64_t tick(struct alarm *alarm)
{
    struct registry *registry = (struct registry *)alarm;
    int64_t now_ms = timer_now_ms();

    pthread_mutex_lock(&registry->mutex);
    stop_overdue(registry, now_ms);
    count_lasting(registry, now_ms);
    drop_old(registry, now_ms);
    pthread_mutex_unlock(&registry->mutex);
    return now_ms + registry->tick_ms;
}

static int64_t tick_for(const struct registry_limits *limits)
{
    int64_t shortest_ms = limits->retention_ms;
    if (limits->timeout_ms && limits->timeout_ms < shortest_ms)
        shortest_ms = limits->timeout_ms;
    int64_t tick_ms = shortest_ms / TICK_SHARE;
    if (tick_ms < TICK_MIN_MS)
        return TICK_MIN_MS;
    return tick_ms < TICK_MAX_MS ? tick_ms : TICK_MAX_MS;
}

/* ---- for the pages ---- */

struct operation *registry_hold(struct registry *registry, const char *user, const char *id,
                                struct job_waiter *waiter)
{
    pthread_mutex_lock(&registry->mutex);
    struct operation *op = opindex_by_id(&registry->index, id);
    if (op && strcmp(op->user, user) != 0)
        op = NULL; /* as if it were not there */
    if (op)
        job_join(op->keeper.job, waiter);
    pthread_mutex_unlock(&registry->mutex);
    return op;
}

static void view(struct registry *registry, struct operation *op, apr_pool_t *pool, struct job_view *out)
{
    operation_view(op, pool, op->is_ended, timer_now_ms(), job_waiting(registry->engine, JOB_LONG),
                   job_lane_workers(registry->engine, JOB_LONG), out);
}

void registry_view(struct registry *registry, struct operation *op, apr_pool_t *pool, struct job_view *out)
{
    pthread_mutex_lock(&registry->mutex);
    view(registry, op, pool, out);
    pthread_mutex_unlock(&registry->mutex);
}

/* What is shown outlives the operation: nothing may point into it. */
static void copy_strings(apr_pool_t *pool, struct job_view *view)
{
    const char **strings[] = { &view->id,          &view->method,  &view->status_uri, &view->source,
                               &view->destination, &view->message, &view->location,   &view->etag };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        *strings[i] = apr_pstrdup(pool, *strings[i]); /* NULL stays NULL */
}

static void list_one_kind(struct registry *registry, struct operation_list *list, const char *user,
                          apr_pool_t *pool, struct job_view *views, size_t *count)
{
    for (struct operation *op = TAILQ_FIRST(list); op; op = TAILQ_NEXT(op, link)) {
        if (*count == REGISTRY_LISTED_MAX)
            return;
        if (strcmp(op->user, user) != 0)
            continue;
        view(registry, op, pool, &views[*count]);
        copy_strings(pool, &views[(*count)++]);
    }
}

size_t registry_list(struct registry *registry, const char *user, apr_pool_t *pool, struct job_view **out)
{
    size_t count = 0;
    *out = apr_pcalloc(pool, REGISTRY_LISTED_MAX * sizeof **out);
    pthread_mutex_lock(&registry->mutex);
    list_one_kind(registry, &registry->kept, user, pool, *out, &count);
    list_one_kind(registry, &registry->running, user, pool, *out, &count);
    pthread_mutex_unlock(&registry->mutex);
    return count;
}

/* ---- life ---- */

int registry_open(struct job_engine *engine, const struct registry_limits *limits, struct registry **out)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        return ENOMEM;
    registry->alarm.ring = tick;
    registry->engine = engine;
    registry->limits = *limits;
    registry->tick_ms = tick_for(limits);
    pthread_mutex_init(&registry->mutex, NULL);
    TAILQ_INIT(&registry->running);
    TAILQ_INIT(&registry->kept);
    opindex_init(&registry->index);
    *out = registry;
    return 0;
}

struct alarm *registry_alarm(struct registry *registry)
{
    return &registry->alarm;
}

void registry_close(struct registry *registry)
{
    if (!registry)
        return;
    pthread_mutex_lock(&registry->mutex);
    for (struct operation *op; (op = oldest_kept(registry));)
        forget(registry, op);
    pthread_mutex_unlock(&registry->mutex);
    opindex_release(&registry->index);
    pthread_mutex_destroy(&registry->mutex);
    free(registry);
}
