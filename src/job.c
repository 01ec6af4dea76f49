/*
 * APR has a thread pool, but it knows neither a stop that reaches a running task, nor several
 * waiters for one, nor lanes. One mutex is enough: what is done under it is a few pointers. Who is next
 * in a lane is fairqueue's business.
 */
#include "src/job.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "fs/niceness.h"
#include "src/fairqueue.h"

enum job_state { JOB_QUEUED, JOB_DONE }; /* what matters between run and after */

struct job {
    struct fairqueue_entry entry; /* first: what the lane's queue gives back */
    struct job_engine *engine;
    const struct job_kind *kind;
    void *item;
    enum job_state state;
    unsigned references; /* one for the engine while the job has work to do, one per waiter */
    struct job_waiter *waiters;
    struct job *live_next, **live_previous; /* all that the engine still works on */
};

struct lane {
    struct job_engine *engine;
    pthread_cond_t work; /* there may be something for one more worker, or we close */
    struct fairqueue *queue;
    unsigned workers;
    int niceness;
};

struct job_engine {
    pthread_mutex_t mutex; /* guards everything below, lanes included */
    pthread_cond_t idle;   /* a job ended */
    struct lane lanes[JOB_LANES];
    struct job *live;
    unsigned releasing; /* jobs no longer live whose items are being released, without the mutex */
    bool stopping;
    bool closing;
    unsigned thread_count;
    pthread_t threads[];
};

static void live_add(struct job_engine *engine, struct job *job)
{
    job->live_next = engine->live;
    job->live_previous = &engine->live;
    if (engine->live)
        engine->live->live_previous = &job->live_next;
    engine->live = job;
}

static void live_remove(struct job *job)
{
    *job->live_previous = job->live_next;
    if (job->live_next)
        job->live_next->live_previous = job->live_previous;
}

/* With the mutex held; drops it to release the item if this was the last reference. */
static void unreference(struct job_engine *engine, struct job *job)
{
    assert(job->references > 0);
    if (--job->references > 0)
        return;
    engine->releasing++;
    pthread_mutex_unlock(&engine->mutex);
    if (job->kind->release)
        job->kind->release(job->item);
    free(job);
    pthread_mutex_lock(&engine->mutex);
    engine->releasing--;
    pthread_cond_broadcast(&engine->idle);
}

static void add_waiter(struct job *job, struct job_waiter *waiter)
{
    waiter->job = job;
    waiter->next = job->waiters;
    waiter->previous = &job->waiters;
    if (job->waiters)
        job->waiters->previous = &waiter->next;
    job->waiters = waiter;
    job->references++;
}

static void remove_waiter(struct job_waiter *waiter)
{
    *waiter->previous = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    waiter->job = NULL;
}

static void tell_waiters(struct job *job)
{
    job->state = JOB_DONE;
    for (struct job_waiter *waiter = job->waiters; waiter; waiter = waiter->next)
        if (waiter->done)
            waiter->done(waiter);
}

/* Cleaning up may mean removing a tree, whatever the job itself was. flow: where it ran; NULL: nowhere. */
static void queue_after(struct job_engine *engine, struct job *job, const struct fairqueue_flow *flow)
{
    struct lane *lane = &engine->lanes[JOB_LONG];
    fairqueue_add_background(lane->queue, flow, &job->entry);
    pthread_cond_signal(&lane->work);
}

/* The engine has nothing more to do for the job. */
static void retire(struct job_engine *engine, struct job *job)
{
    live_remove(job);
    unreference(engine, job);
    pthread_cond_broadcast(&engine->idle);
}

/* With the mutex held. has_after looks at what run() left behind, which nobody changes once it is done. */
static void finish(struct job_engine *engine, struct job *job, const struct fairqueue_flow *flow)
{
    tell_waiters(job);
    if (job->kind->has_after && job->kind->has_after(job->item))
        queue_after(engine, job, flow);
    else
        retire(engine, job);
}

/* One step of a job: run, or after. With the mutex held, which is given up meanwhile. */
static void work_on(struct lane *lane, struct job *job)
{
    struct job_engine *engine = lane->engine;
    struct fairqueue_flow *flow = job->entry.flow;
    bool is_run = job->state == JOB_QUEUED;

    pthread_mutex_unlock(&engine->mutex);
    if (is_run)
        job->kind->run(job->item);
    else
        job->kind->after(job->item);
    pthread_mutex_lock(&engine->mutex);

    if (is_run)
        finish(engine, job, flow);
    else
        retire(engine, job);
    fairqueue_end(lane->queue, flow);
}

static struct job *take(struct lane *lane)
{
    struct job *job = (struct job *)fairqueue_take(lane->queue);
    /* What ended before may have made something else ready, for a worker that sleeps. */
    if (job && fairqueue_is_ready(lane->queue))
        pthread_cond_signal(&lane->work);
    return job;
}

static void *worker(void *arg)
{
    struct lane *lane = arg;
    struct job_engine *engine = lane->engine;

    niceness_add(lane->niceness);
    pthread_mutex_lock(&engine->mutex);
    for (;;) {
        struct job *job = take(lane);
        if (job)
            work_on(lane, job);
        else if (engine->closing)
            break;
        else
            pthread_cond_wait(&lane->work, &engine->mutex);
    }
    pthread_mutex_unlock(&engine->mutex);
    return NULL;
}

static void init_sync(struct job_engine *engine)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&engine->mutex, NULL);
}

static int init_lane(struct job_engine *engine, enum job_lane kind, const struct job_lane_size *size)
{
    bool has_reserve = kind == JOB_UPLOAD || kind == JOB_LONG;
    struct lane *lane = &engine->lanes[kind];

    *lane = (struct lane){ .engine = engine, .workers = size->workers, .niceness = size->niceness };
    pthread_cond_init(&lane->work, NULL);
    return fairqueue_open(size->workers, size->queue_max, has_reserve, &lane->queue);
}

static int start_workers(struct job_engine *engine)
{
    int error = 0;
    for (int i = 0; i < JOB_LANES; i++) {
        for (unsigned n = 0; n < engine->lanes[i].workers && !error; n++) {
            error = pthread_create(&engine->threads[engine->thread_count], NULL, worker, &engine->lanes[i]);
            engine->thread_count += !error;
        }
    }
    return error;
}

int job_engine_open(const struct job_lane_size sizes[JOB_LANES], struct job_engine **out)
{
    unsigned threads = 0;
    int error = 0;

    for (int i = 0; i < JOB_LANES; i++)
        threads += sizes[i].workers;
    struct job_engine *engine = calloc(1, sizeof *engine + threads * sizeof engine->threads[0]);
    if (!engine)
        return ENOMEM;
    init_sync(engine);
    for (int i = 0; i < JOB_LANES; i++) {
        int lane_error = init_lane(engine, (enum job_lane)i, &sizes[i]);
        error = error ? error : lane_error;
    }
    if (!error)
        error = start_workers(engine);
    if (error)
        job_engine_close(engine);
    else
        *out = engine;
    return error;
}

static struct job *create_job(struct job_engine *engine, const struct job_kind *kind, void *item)
{
    struct job *job = calloc(1, sizeof *job);
    if (job)
        *job = (struct job){ .engine = engine, .kind = kind, .item = item, .references = 1 };
    return job;
}

int job_submit(struct job_engine *engine, const struct job_kind *kind, void *item, enum job_lane lane_kind,
               const struct job_owner *owner, struct job_waiter *waiter)
{
    struct lane *lane = &engine->lanes[lane_kind];
    struct job *job = create_job(engine, kind, item);
    if (!job)
        return EAGAIN;

    pthread_mutex_lock(&engine->mutex);
    int error = engine->stopping
                    ? ECANCELED
                    : fairqueue_add(lane->queue, owner->user, owner->client, owner->waiting_max, &job->entry);
    if (!error) {
        add_waiter(job, waiter);
        live_add(engine, job);
        pthread_cond_signal(&lane->work);
    }
    pthread_mutex_unlock(&engine->mutex);
    if (error)
        free(job);
    return error;
}

int job_begin(struct job_engine *engine, const struct job_kind *kind, void *item, struct job_waiter *waiter)
{
    struct job *job = create_job(engine, kind, item);
    if (!job)
        return EAGAIN;

    pthread_mutex_lock(&engine->mutex);
    bool is_refused = engine->stopping;
    if (!is_refused) {
        add_waiter(job, waiter);
        live_add(engine, job);
    }
    pthread_mutex_unlock(&engine->mutex);
    if (is_refused)
        free(job);
    return is_refused ? ECANCELED : 0;
}

void job_end(struct job *job)
{
    struct job_engine *engine = job->engine;
    pthread_mutex_lock(&engine->mutex);
    assert(job->state != JOB_DONE);
    finish(engine, job, NULL);
    pthread_mutex_unlock(&engine->mutex);
}

void job_join(struct job *job, struct job_waiter *waiter)
{
    pthread_mutex_lock(&job->engine->mutex);
    add_waiter(job, waiter);
    pthread_mutex_unlock(&job->engine->mutex);
}

bool job_is_done(const struct job_waiter *waiter)
{
    struct job *job = waiter->job;
    pthread_mutex_lock(&job->engine->mutex);
    bool is_done = job->state == JOB_DONE;
    pthread_mutex_unlock(&job->engine->mutex);
    return is_done;
}

void job_leave(struct job_waiter *waiter)
{
    struct job *job = waiter->job;
    if (!job)
        return;
    struct job_engine *engine = job->engine;

    pthread_mutex_lock(&engine->mutex);
    remove_waiter(waiter);
    unreference(engine, job);
    pthread_mutex_unlock(&engine->mutex);
}

void job_engine_set_running_max(struct job_engine *engine, unsigned running_max)
{
    static const enum job_lane lanes[] = { JOB_SHORT, JOB_CHANGE, JOB_UPLOAD, JOB_LONG };

    pthread_mutex_lock(&engine->mutex);
    for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
        fairqueue_set_running_max(engine->lanes[lanes[i]].queue, running_max);
        pthread_cond_broadcast(&engine->lanes[lanes[i]].work);
    }
    pthread_mutex_unlock(&engine->mutex);
}

unsigned job_waiting(struct job_engine *engine, enum job_lane lane)
{
    pthread_mutex_lock(&engine->mutex);
    unsigned waiting = fairqueue_waiting(engine->lanes[lane].queue);
    pthread_mutex_unlock(&engine->mutex);
    return waiting;
}

unsigned job_lane_workers(const struct job_engine *engine, enum job_lane lane)
{
    return engine->lanes[lane].workers;
}

/* With the mutex held: until no job is left, or the deadline. */
static bool await_idle(struct job_engine *engine, int64_t deadline_ms)
{
    const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                       .tv_nsec = deadline_ms % 1000 * 1000000 };
    int error = 0;
    while ((engine->live || engine->releasing > 0) && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&engine->idle, &engine->mutex, &deadline);
    return !engine->live && engine->releasing == 0;
}

bool job_engine_drain(struct job_engine *engine, int64_t deadline_ms)
{
    pthread_mutex_lock(&engine->mutex);
    bool is_idle = await_idle(engine, deadline_ms);
    pthread_mutex_unlock(&engine->mutex);
    return is_idle;
}

bool job_engine_stop(struct job_engine *engine, int64_t deadline_ms)
{
    pthread_mutex_lock(&engine->mutex);
    engine->stopping = true;
    for (struct job *job = engine->live; job; job = job->live_next)
        if (job->kind->stop)
            job->kind->stop(job->item);
    bool is_stopped = await_idle(engine, deadline_ms);
    pthread_mutex_unlock(&engine->mutex);
    return is_stopped;
}

void job_engine_close(struct job_engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_lock(&engine->mutex);
    assert(!engine->live);
    engine->closing = true;
    for (int i = 0; i < JOB_LANES; i++)
        pthread_cond_broadcast(&engine->lanes[i].work);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->thread_count; i++)
        pthread_join(engine->threads[i], NULL);
    for (int i = 0; i < JOB_LANES; i++) {
        fairqueue_close(engine->lanes[i].queue);
        pthread_cond_destroy(&engine->lanes[i].work);
    }
    pthread_cond_destroy(&engine->idle);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
