/*
 * What libmicrohttpd's callbacks do in src/ is done here in one go, since the whole body is at hand.
 */
#include "tests/support/workshop.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/digest.h"

#define PATIENCE_MS 60000
#define CLOSE_MS    15000
#define HOUR_MS     (3600 * 1000)

/* One condition for all that is waited for: tests have few threads. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned held; /* workers that are kept busy */
static bool is_held;
static enum { HALT_NONE, HALT_ARMED, HALT_REACHED } halt;

static void announce(void)
{
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

/* ---- holding the workers ---- */

static void be_busy(void *item)
{
    (void)item;
    pthread_mutex_lock(&mutex);
    held++;
    pthread_cond_broadcast(&changed);
    while (is_held)
        pthread_cond_wait(&changed, &mutex);
    held--;
    announce();
}

void workshop_hold(struct workshop *w)
{
    static const enum job_lane lanes[] = { JOB_SHORT, JOB_UPLOAD, JOB_LONG };
    static const struct job_kind busy = { .run = be_busy };
    const struct job_owner nobody = { .user = "", .client = "" };
    unsigned count = sizeof lanes / sizeof *lanes;

    is_held = true;
    for (unsigned i = 0; i < count; i++) {
        struct job_waiter waiter = { .done = NULL };
        if (job_submit(w->engine, &busy, w, lanes[i], &nobody, &waiter) != 0)
            abort();
        job_leave(&waiter);
    }
    pthread_mutex_lock(&mutex);
    while (held < count)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

void workshop_let_go(struct workshop *w)
{
    (void)w;
    pthread_mutex_lock(&mutex);
    is_held = false;
    pthread_cond_broadcast(&changed);
    while (held > 0)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

/* ---- halting an operation ---- */

static const struct fs_ops *sound;
static struct fs_ops hooked;

static int halting_mkdir(struct fs_dir *dir, const char *name, uint32_t mode)
{
    pthread_mutex_lock(&mutex);
    if (halt == HALT_ARMED) {
        halt = HALT_REACHED;
        pthread_cond_broadcast(&changed);
        while (halt == HALT_REACHED)
            pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return sound->mkdir(dir, name, mode);
}

void workshop_halt(struct workshop *w)
{
    (void)w;
    pthread_mutex_lock(&mutex);
    halt = HALT_ARMED;
    pthread_mutex_unlock(&mutex);
}

void workshop_await_halt(struct workshop *w)
{
    (void)w;
    pthread_mutex_lock(&mutex);
    while (halt != HALT_REACHED)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

void workshop_go_on(struct workshop *w)
{
    (void)w;
    pthread_mutex_lock(&mutex);
    halt = HALT_NONE;
    announce();
}

/* ---- life ---- */

static void open_engine(struct workshop *w)
{
    struct job_lane_size sizes[JOB_LANES];

    for (int i = 0; i < JOB_LANES; i++)
        sizes[i] = (struct job_lane_size){ .workers = 1, .queue_max = WORKSHOP_QUEUE_MAX };
    if (job_engine_open(sizes, &w->engine) != 0)
        abort();
}

struct workshop *workshop_open(const struct registry_limits *limits)
{
    const struct registry_limits usual = { .retention_ms = HOUR_MS };
    struct workshop *w = calloc(1, sizeof *w);

    if (!w)
        abort();
    w->x = exchange_open(NULL);
    sound = w->x->fs->ops;
    hooked = *sound;
    hooked.mkdir = halting_mkdir;
    w->x->fs->ops = &hooked;
    exchange_write(w->x, "a", "a");
    exchange_mkdir(w->x, "dir");
    exchange_write(w->x, "dir/m", "m");
    exchange_mkdir(w->x, "dir/sub");
    exchange_write(w->x, "dir/sub/deep", "deep");
    open_engine(w);
    if (timer_open(&w->timer) != 0 || registry_open(w->engine, limits ? limits : &usual, &w->registry) != 0)
        abort();
    return w;
}

/* A test that failed may have left everything standing. */
void workshop_close(struct workshop *w)
{
    workshop_let_go(w);
    workshop_go_on(w);
    if (!job_engine_stop(w->engine, timer_now_ms() + CLOSE_MS))
        fail_msg("operations are left that do not end");
    registry_close(w->registry);
    job_engine_close(w->engine);
    timer_close(w->timer);
    exchange_close(w->x);
    free(w);
}

void workshop_drain(struct workshop *w)
{
    if (!job_engine_drain(w->engine, timer_now_ms() + PATIENCE_MS))
        abort();
}

int64_t workshop_tick(struct workshop *w)
{
    struct alarm *alarm = registry_alarm(w->registry);
    int64_t now_ms = timer_now_ms();
    return alarm->ring(alarm) - now_ms;
}

/* ---- callers ---- */

static void told(struct job_waiter *waiter)
{
    pthread_mutex_lock(&mutex);
    ((struct caller *)waiter)->is_done = true;
    announce();
}

static apr_table_t *headers_of(apr_pool_t *pool, const struct question *q)
{
    apr_table_t *headers = apr_table_make(pool, 8);
    char *state, *text = apr_pstrdup(pool, q->headers ? q->headers : "");

    for (char *line = apr_strtok(text, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        char *value = strchr(line, ':');
        assert(value);
        *value++ = '\0';
        apr_table_addn(headers, line, value + strspn(value, " "));
    }
    apr_table_setn(headers, "Host", "dav.example");
    if (q->body)
        apr_table_setn(headers, "Content-Length", apr_psprintf(pool, "%" APR_SIZE_T_FMT, strlen(q->body)));
    return headers;
}

static struct dav_request *begin(struct workshop *w, apr_pool_t *pool, const struct question *q)
{
    const struct dav_head head = { .pool = pool,
                                   .method = apr_pstrdup(pool, q->method),
                                   .target = apr_pstrdup(pool, q->target),
                                   .headers = headers_of(pool, q),
                                   .user = apr_pstrdup(pool, q->user ? q->user : ""),
                                   .has_body = q->body && *q->body };
    struct dav_request *r = dav_request_new(w->x->dav, &head);
    dav_begin(r);
    return r;
}

static struct body_digest send_body(struct dav_request *r, const char *body)
{
    struct digest *digest = NULL;

    if (body && *body) {
        digest = digest_open();
        digest_add(digest, body, strlen(body));
        dav_body(r, body, strlen(body));
    }
    return digest_close(digest);
}

static enum job_lane lane_of(const struct dav_request *r)
{
    if (dav_is_long(r))
        return JOB_LONG;
    return dav_is_upload(r) ? JOB_UPLOAD : JOB_SHORT;
}

static struct caller *new_caller(struct workshop *w)
{
    struct caller *caller = calloc(1, sizeof *caller);
    if (!caller)
        abort();
    caller->workshop = w;
    caller->waiter.done = told;
    return caller;
}

static void enter(struct caller *caller, struct operation *op, enum job_lane lane, bool is_refused)
{
    struct registry *registry = caller->workshop->registry;
    struct registry_entry entry = { .operation = op, .lane = lane };

    caller->error = is_refused ? registry_join(registry, &entry, &caller->waiter)
                               : registry_enter(registry, &entry, &caller->waiter);
    if (!caller->error) {
        caller->operation = entry.operation;
        caller->how = entry.how;
        memcpy(caller->id, entry.operation->id, sizeof caller->id);
    }
    if (caller->operation != op) { /* it does not come to be */
        op->request = NULL;
        operation_free(op);
    }
}

static bool is_refused(struct caller *caller)
{
    return dav_request_reply(caller->request)->status != 0;
}

struct caller *workshop_ask(struct workshop *w, const struct question *q)
{
    struct caller *caller = new_caller(w);
    apr_pool_t *pool = dav_pool_new(w->x->dav);
    struct dav_request *r = caller->request = begin(w, pool, q);
    struct operation_identity identity = { .user = apr_pstrdup(pool, q->user ? q->user : ""),
                                           .client = "127.0.0.1",
                                           .method = apr_pstrdup(pool, q->method),
                                           .target = apr_pstrdup(pool, q->target) };

    if (dav_changes(r) && (q->idempotency_key || dav_is_joinable(r))) {
        identity.key = dav_request_key(r);
        if (q->idempotency_key)
            identity.idempotency_key = apr_pstrcat(pool, identity.user, "\n", q->idempotency_key, NULL);
        identity.is_joinable = identity.key && dav_is_joinable(r);
        caller->match =
            registry_look(w->registry, identity.key, identity.idempotency_key, identity.is_joinable);
    }
    bool was_refused = is_refused(caller);
    caller->error = caller->match == MATCH_CONFLICT ? EEXIST : ENOENT;
    if (caller->match == MATCH_CONFLICT || (was_refused && caller->match == MATCH_NONE))
        return caller;
    struct operation *op = operation_new(&identity, r, NULL);
    op->body = send_body(r, q->body);
    enter(caller, op, lane_of(r), was_refused);
    return caller;
}

struct caller *workshop_ask_slow(struct workshop *w, const char *user)
{
    const struct slow_plan plan = { .for_ms = 1000, .every_ms = 1000 };
    const struct slow_facts facts = { .rule = "none" };
    static unsigned number; /* or the second would join the first */
    char target[64];
    snprintf(target, sizeof target, "/.holdfast/slow?number=%u", number++);
    const struct operation_identity identity = {
        .user = user, .client = "127.0.0.1", .method = "GET", .target = target
    };
    struct operation_identity own;
    struct slow *slow = slow_new(w->timer, &plan, &facts, &identity, &own);
    struct caller *caller = new_caller(w);
    struct operation *op = operation_new(&own, NULL, slow);

    enter(caller, op, JOB_SHORT, false);
    assert(caller->operation == op);
    return caller;
}

int caller_status(struct caller *caller)
{
    bool is_known = !caller->operation || job_is_done(&caller->waiter);

    pthread_mutex_lock(&mutex);
    while (!is_known && !caller->is_done)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    return caller->operation ? operation_reply(caller->operation)->status
                             : dav_request_reply(caller->request)->status;
}

void workshop_end(struct workshop *w, struct operation *op)
{
    while (!registry_end(w->registry, op))
        sched_yield();
}

void caller_sending(struct caller *caller)
{
    registry_sending(caller->workshop->registry, caller->operation, -1);
    caller->is_sending = true;
}

void caller_leave(struct caller *caller, enum registry_left how)
{
    bool is_ours = !caller->operation || caller->operation->request != caller->request;

    if (caller->operation) {
        if ((how == LEFT_DELIVERED || how == LEFT_BROKEN) && !caller->is_sending)
            caller_sending(caller);
        registry_leave(caller->workshop->registry, caller->operation, &caller->waiter, how);
    }
    if (is_ours)
        dav_request_free(caller->request);
    free(caller);
}

int workshop_run(struct workshop *w, const struct question *question, enum registry_left how)
{
    struct caller *caller = workshop_ask(w, question);
    int status = caller_status(caller);
    caller_leave(caller, how);
    return status;
}

bool workshop_has(struct workshop *w, const char *user, const char *id)
{
    struct job_waiter waiter = { .done = NULL };
    struct operation *op = registry_hold(w->registry, user, id, &waiter);
    if (op)
        job_leave(&waiter);
    return op != NULL;
}
