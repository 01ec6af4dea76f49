/*
 * APR has a thread pool, but it knows neither a stop that reaches a running task, nor several
 * waiters for one, nor lanes. One mutex is enough: what is done under it is a few pointers.
 */
#include "src/job.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum job_state { JOB_QUEUED, JOB_DONE }; /* what matters between run and after */

struct job {
    struct job_engine *engine;
    const struct job_kind *kind;
    void *item;
    enum job_lane lane;
    enum job_state state;
    unsigned references; /* one for the engine while the job has work to do, one per waiter */
    struct job_waiter *waiters;
    struct job *next;                       /* in its queue */
    struct job *live_next, **live_previous; /* all that the engine still works on */
};

struct lane {
    struct job_engine *engine;
    pthread_cond_t work; /* a job was queued here, or we close */
    struct job *first, **last;
    unsigned queued, queue_max;
};

struct job_engine {
    pthread_mutex_t mutex; /* guards everything below, lanes included */
    pthread_cond_t idle;   /* a job ended */
    struct lane lanes[JOB_LANES];
    struct job *live;
    bool stopping;
    bool closing;
    unsigned thread_count;
    pthread_t threads[];
};

/* With the mutex held. */
static void enqueue(struct job_engine *engine, struct job *job)
{
    struct lane *lane = &engine->lanes[job->lane];
    job->next = NULL;
    *lane->last = job;
    lane->last = &job->next;
    lane->queued++;
    pthread_cond_signal(&lane->work);
}

/* With the mutex held. */
static struct job *dequeue(struct lane *lane)
{
    struct job *job = lane->first;
    if (!job)
        return NULL;
    lane->first = job->next;
    if (!lane->first)
        lane->last = &lane->first;
    lane->queued--;
    return job;
}

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
    pthread_mutex_unlock(&engine->mutex);
    if (job->kind->release)
        job->kind->release(job->item);
    free(job);
    pthread_mutex_lock(&engine->mutex);
}

static void tell_waiters(struct job *job)
{
    job->state = JOB_DONE;
    for (struct job_waiter *waiter = job->waiters; waiter; waiter = waiter->next)
        waiter->done(waiter);
}

/* One step of a job: run, or after. With the mutex held, which is given up meanwhile. */
static void work_on(struct job_engine *engine, struct job *job)
{
    bool is_run = job->state == JOB_QUEUED;

    pthread_mutex_unlock(&engine->mutex);
    if (is_run)
        job->kind->run(job->item);
    else
        job->kind->after(job->item);
    pthread_mutex_lock(&engine->mutex);

    if (is_run)
        tell_waiters(job);
    /* Cleaning up may mean removing a tree, whatever the job itself was. has_after looks at what run()
     * left behind, which nobody changes once it is done. */
    if (is_run && job->kind->has_after && job->kind->has_after(job->item)) {
        job->lane = JOB_LONG;
        enqueue(engine, job);
        return;
    }
    live_remove(job);
    unreference(engine, job);
    pthread_cond_broadcast(&engine->idle);
}

static void *worker(void *arg)
{
    struct lane *lane = arg;
    struct job_engine *engine = lane->engine;

    pthread_mutex_lock(&engine->mutex);
    for (;;) {
        struct job *job = dequeue(lane);
        if (job)
            work_on(engine, job);
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

static void init_lane(struct job_engine *engine, struct lane *lane, unsigned queue_max)
{
    *lane = (struct lane){ .engine = engine, .last = &lane->first, .queue_max = queue_max };
    pthread_cond_init(&lane->work, NULL);
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
    for (int i = 0; i < JOB_LANES; i++)
        init_lane(engine, &engine->lanes[i], sizes[i].queue_max);
    for (int i = 0; i < JOB_LANES; i++) {
        for (unsigned n = 0; n < sizes[i].workers && !error; n++) {
            error = pthread_create(&engine->threads[engine->thread_count], NULL, worker, &engine->lanes[i]);
            engine->thread_count += !error;
        }
    }
    if (error)
        job_engine_close(engine);
    else
        *out = engine;
    return error;
}

int job_submit(struct job_engine *engine, const struct job_kind *kind, void *item, enum job_lane lane,
               struct job_waiter *waiter)
{
    int error = 0;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return EAGAIN;
    *job = (struct job){ .engine = engine, .kind = kind, .item = item, .lane = lane, .references = 2 };

    pthread_mutex_lock(&engine->mutex);
    if (engine->stopping) {
        error = ECANCELED;
    } else if (engine->lanes[lane].queued >= engine->lanes[lane].queue_max) {
        error = EAGAIN;
    } else {
        waiter->job = job;
        waiter->next = NULL;
        job->waiters = waiter;
        live_add(engine, job);
        enqueue(engine, job);
    }
    pthread_mutex_unlock(&engine->mutex);
    if (error)
        free(job);
    return error;
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
    struct job_waiter **at = &job->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    waiter->job = NULL;
    unreference(engine, job);
    pthread_mutex_unlock(&engine->mutex);
}

/* With the mutex held: until no job is live, or the deadline. */
static bool await_idle(struct job_engine *engine, int64_t deadline_ms)
{
    const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                       .tv_nsec = deadline_ms % 1000 * 1000000 };
    int error = 0;
    while (engine->live && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&engine->idle, &engine->mutex, &deadline);
    return !engine->live;
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
    for (int i = 0; i < JOB_LANES; i++)
        pthread_cond_destroy(&engine->lanes[i].work);
    pthread_cond_destroy(&engine->idle);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
