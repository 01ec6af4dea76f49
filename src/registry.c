/*
 * Two lists: what runs, in the order in which it came, and what is kept, in the order in which its last waiter left.
 */
#include "src/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/counting.h"
#include "src/hangup.h"
#include "src/log.h"
#include "src/options.h"
#include "src/registry_internal.h"

#define TRACE_MS    100
#define TICK_MAX_MS 1000
#define TICK_MIN_MS 20
#define TICK_SHARE  4 /* how late a limit may be noticed: a quarter of it */

/* ---- the job ---- */

static void run(void *item)
{
    struct operation *op = item;
    struct registry *registry = op->registry;

    atomic_store(&op->is_running, true);
    dav_run(op->request);
    atomic_store(&op->is_over, true);
    int error = accepted_end(op->request, operation_unix_ms());
    if (error)
        log_error("the result of %s %s is not kept: %s", op->method, op->target, strerror(error));
    /* What is quick is most probably delivered, and a trace would be two looks at the disk for nothing; if not, it is
     * taken when that is known. */
    if (op->is_joinable && timer_now_ms() - op->started_ms >= TRACE_MS) {
        dav_request_trace(op->request, &op->trace);
        op->has_trace = true;
    }
    pthread_mutex_lock(&registry->mutex);
    registry_note_end(registry, op);
    bool has_forgotten = registry->forgotten != NULL;
    pthread_mutex_unlock(&registry->mutex);
    if (has_forgotten)
        registry_write_forgotten(registry);
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

const struct job_kind registry_operation_kind = {
    .run = run, .has_after = has_cleanup, .after = clean_up, .release = release, .stop = stop
};

/* ---- joining and starting; with the mutex held ---- */

static bool has_same_body(const struct operation *a, const struct operation *b)
{
    return a->body.low == b->body.low && a->body.high == b->body.high && a->body.size == b->body.size;
}

/* The socket is there as long as its transaction has not left. */
static bool is_being_told(const struct operation *op)
{
    return op->sending && !hangup_has_broken(op->sending_on);
}

/* Another name for it, as far as its own client has given none. */
static bool fits_idempotency_key(const struct operation *at, const struct operation *op)
{
    return !op->idempotency_key || !at->idempotency_key ||
           strcmp(op->idempotency_key, at->idempotency_key) == 0;
}

/* An operation that this one may join without being asked. */
static struct operation *find_joinable(struct registry *registry, const struct operation *op)
{
    if (!op->is_joinable)
        return NULL;
    for (struct operation *at = opindex_by_key(&registry->index, op->key); at; at = at->same_next) {
        if (!has_same_body(at, op) || at->is_touched || !fits_idempotency_key(at, op))
            continue;
        bool is_fit = at->is_ended ? registry_may_be_replayed(at) && !is_being_told(at) : !at->is_unwanted;
        if (is_fit && !registry_is_overtaken(registry, at))
            return at;
    }
    return NULL;
}

static int find(struct registry *registry, const struct operation *op, struct operation **out)
{
    *out = opindex_by_idempotency_key(&registry->index, op->idempotency_key);
    if (!*out) {
        *out = find_joinable(registry, op);
        return 0;
    }
    bool is_same = op->key && (*out)->key && strcmp(op->key, (*out)->key) == 0 && has_same_body(op, *out);
    return is_same ? 0 : EEXIST;
}

void registry_list_running(struct registry *registry, struct operation *op)
{
    opindex_add(&registry->index, op);
    TAILQ_INSERT_TAIL(&registry->running, op, link);
}

void registry_list_ended(struct registry *registry, struct operation *op)
{
    registry_list_running(registry, op);
    registry_keep(registry, op);
}

static int start(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    struct operation *op = entry->operation;
    const struct job_owner owner = { .user = op->user,
                                     .client = op->client,
                                     .waiting_max = registry->limits.queued_jobs };
    int error;

    op->registry = registry;
    if (op->slow && registry->diagnostics == OPTIONS_QUEUE_MAX)
        return EAGAIN;
    if (op->request)
        error = job_submit(registry->engine, &registry_operation_kind, op, entry->lane, &owner, &op->keeper);
    else
        error = job_begin(registry->engine, &registry_operation_kind, op, &op->keeper);
    if (error)
        return error;
    registry->diagnostics += op->slow != NULL;
    registry_list_running(registry, op);
    job_join(op->keeper.job, waiter);
    op->waiting = 1;
    entry->how = REGISTRY_RAN;
    return 0;
}

static void join(struct registry *registry, struct operation *op, struct registry_entry *entry,
                 struct job_waiter *waiter)
{
    const char *key = entry->operation->idempotency_key;

    job_join(op->keeper.job, waiter);
    op->waiting++;
    if (key && !op->idempotency_key) {
        op->idempotency_key = op->adopted_key = strdup(key);
        opindex_add_idempotency_key(&registry->index, op);
    }
    entry->operation = op;
    entry->how = op->is_ended ? REGISTRY_REPLAYED : REGISTRY_JOINED;
}

/* Is what a result is about still as it was then? Looking may take as long as the disk likes, so the
 * mutex is given up meanwhile; the waiter holds the operation. */
static bool is_still_true(struct registry *registry, struct operation *op)
{
    struct dav_trace now;

    if (!op->is_ended || !op->request || !op->is_joinable || op->is_delivered)
        return true; /* it runs, or somebody has asked for it by its Idempotency-Key again */
    pthread_mutex_unlock(&registry->mutex);
    dav_request_trace(op->request, &now);
    pthread_mutex_lock(&registry->mutex);
    return !op->is_touched && (!op->has_trace || memcmp(&now, &op->trace, sizeof now) == 0);
}

/* ENOENT: there is none. */
static int find_and_join(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    struct operation *own = entry->operation, *same;

    for (;;) {
        int error = find(registry, own, &same);
        if (error || !same)
            return error ? error : ENOENT;
        bool is_asked_for = own->idempotency_key && same->idempotency_key &&
                            strcmp(own->idempotency_key, same->idempotency_key) == 0;
        join(registry, same, entry, waiter);
        if (is_asked_for || is_still_true(registry, same))
            return 0;
        entry->operation = own;
        same->waiting--;
        registry_touch(registry, same); /* so it is not found again */
        pthread_mutex_unlock(&registry->mutex);
        job_leave(waiter);
        pthread_mutex_lock(&registry->mutex);
    }
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
    pthread_mutex_lock(&registry->mutex);
    int error = find_and_join(registry, entry, waiter);
    if (error == ENOENT)
        error = start(registry, entry, waiter);
    pthread_mutex_unlock(&registry->mutex);
    return error;
}

int registry_join(struct registry *registry, struct registry_entry *entry, struct job_waiter *waiter)
{
    pthread_mutex_lock(&registry->mutex);
    int error = find_and_join(registry, entry, waiter);
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

/* With the mutex, which is given up meanwhile. */
static void take_late_trace(struct registry *registry, struct operation *op)
{
    struct dav_trace trace;
    pthread_mutex_unlock(&registry->mutex);
    dav_request_trace(op->request, &trace);
    pthread_mutex_lock(&registry->mutex);
    if (op->has_trace)
        return;
    op->trace = trace;
    op->has_trace = true;
}

/* Nobody waits for it any more. */
static void abandon(struct registry *registry, struct operation *op)
{
    if (!registry->limits.cancel_on_disconnect || atomic_load(&op->is_accepted))
        return;
    op->is_unwanted = true;
    opindex_remove_idempotency_key(&registry->index, op); /* who asks again wants it done */
    operation_cancel(op, DAV_STOP_CANCELLED);
}

void registry_leave(struct registry *registry, struct operation *op, struct job_waiter *waiter,
                    enum registry_left how)
{
    pthread_mutex_lock(&registry->mutex);
    if (how != LEFT_DELIVERED && op->is_ended && op->is_joinable && op->request && !op->has_trace)
        take_late_trace(registry, op);
    op->waiting--;
    if (how != LEFT_UNTOLD)
        op->sending--;
    if (how == LEFT_DELIVERED)
        op->is_delivered = true;
    if (!op->waiting && op->is_ended)
        registry_settle(registry, op);
    else if (!op->waiting)
        abandon(registry, op);
    pthread_mutex_unlock(&registry->mutex);
    job_leave(waiter);
}

bool registry_end(struct registry *registry, struct operation *op)
{
    struct job *job = op->keeper.job; /* settling may leave it */
    if (pthread_mutex_trylock(&registry->mutex) != 0)
        return false;
    registry_note_end(registry, op);
    pthread_mutex_unlock(&registry->mutex);
    job_end(job);
    return true;
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
        if (!op->waiting && op->ended_ms + registry->limits.retention_ms <= now_ms)
            registry_forget(registry, op);
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

    /* Everybody's alarms wait for this one to return. */
    if (pthread_mutex_trylock(&registry->mutex) != 0)
        return now_ms + TICK_MIN_MS;
    stop_overdue(registry, now_ms);
    count_lasting(registry, now_ms);
    drop_old(registry, now_ms);
    int64_t tick_ms = registry->tick_ms;
    pthread_mutex_unlock(&registry->mutex);
    return now_ms + tick_ms;
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

void registry_set_limits(struct registry *registry, const struct registry_limits *limits)
{
    pthread_mutex_lock(&registry->mutex);
    registry->limits = *limits;
    registry->tick_ms = tick_for(limits);
    pthread_mutex_unlock(&registry->mutex);
}

struct alarm *registry_alarm(struct registry *registry)
{
    return &registry->alarm;
}

void registry_close(struct registry *registry)
{
    if (!registry)
        return;
    registry_write_forgotten(registry);
    pthread_mutex_lock(&registry->mutex);
    registry->is_closing = true;
    for (struct operation *op; (op = TAILQ_FIRST(&registry->kept));)
        registry_forget(registry, op);
    pthread_mutex_unlock(&registry->mutex);
    opindex_release(&registry->index);
    pthread_mutex_destroy(&registry->mutex);
    free(registry);
}
