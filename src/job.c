/*
 * APR has a thread pool, but it knows neither a stop that reaches a running task, nor several
 * waiters for one, nor lanes; a queue with one mutex and one condition is all that this takes.
 */
#include "src/job.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE };

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

struct queue {
    struct job *first, **last;
};

struct job_engine {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t work;   /* a job was queued, or we stop */
    pthread_cond_t idle;   /* a job ended */
    struct queue queues[2];
    struct job *live;
    unsigned queued, queue_max;
    unsigned long_running;
    unsigned workers;
    bool stopping;
    bool closing;
    pthread_t threads[];
};

static void queue_push(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *queue_pop(struct queue *queue)
{
    struct job *job = queue->first;
    if (!job)
        return NULL;
    queue->first = job->next;
    if (!queue->first)
        queue->last = &queue->first;
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

/* With the mutex held. Short jobs first; a long one only while another worker stays free for short
 * ones. When stopping, order no longer matters but every job must be run to its end. */
static struct job *next_job(struct job_engine *engine)
{
    struct job *job = queue_pop(&engine->queues[JOB_SHORT]);
    if (!job && engine->long_running + 1 < engine->workers)
        job = queue_pop(&engine->queues[JOB_LONG]);
    if (job) {
        engine->queued--;
        engine->long_running += job->lane == JOB_LONG;
        if (job->state == JOB_QUEUED)
            job->state = JOB_RUNNING; /* else it is done, and has to clean up */
    }
    return job;
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

/* With the mutex held. */
static void enqueue(struct job_engine *engine, struct job *job)
{
    queue_push(&engine->queues[job->lane], job);
    engine->queued++;
    pthread_cond_signal(&engine->work);
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
    bool is_run = job->state == JOB_RUNNING;

    pthread_mutex_unlock(&engine->mutex);
    if (is_run)
        job->kind->run(job->item);
    else
        job->kind->after(job->item);
    pthread_mutex_lock(&engine->mutex);

    if (is_run)
        tell_waiters(job);
    if (job->lane == JOB_LONG) {
        engine->long_running--;
        pthread_cond_signal(&engine->work); /* a long one may have waited for this place */
    }
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
    struct job_engine *engine = arg;

    pthread_mutex_lock(&engine->mutex);
    for (;;) {
        struct job *job = next_job(engine);
        if (job)
            work_on(engine, job);
        else if (engine->closing)
            break;
        else
            pthread_cond_wait(&engine->work, &engine->mutex);
    }
    pthread_mutex_unlock(&engine->mutex);
    return NULL;
}

static void init_conditions(struct job_engine *engine)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&engine->work, NULL);
}

int job_engine_open(unsigned workers, unsigned queue_max, struct job_engine **out)
{
    assert(workers >= 2);
    struct job_engine *engine = calloc(1, sizeof *engine + workers * sizeof engine->threads[0]);
    if (!engine)
        return ENOMEM;
    pthread_mutex_init(&engine->mutex, NULL);
    init_conditions(engine);
    engine->queues[JOB_SHORT].last = &engine->queues[JOB_SHORT].first;
    engine->queues[JOB_LONG].last = &engine->queues[JOB_LONG].first;
    engine->queue_max = queue_max;

    /* next_job must not see a growing number of workers: long jobs wait until all are there. */
    for (unsigned i = 0; i < workers; i++) {
        int error = pthread_create(&engine->threads[i], NULL, worker, engine);
        if (error) {
            job_engine_close(engine);
            return error;
        }
        pthread_mutex_lock(&engine->mutex);
        engine->workers++;
        pthread_mutex_unlock(&engine->mutex);
    }
    *out = engine;
    return 0;
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
    } else if (engine->queued >= engine->queue_max) {
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
    pthread_cond_broadcast(&engine->work);
    pthread_mutex_unlock(&engine->mutex);
    for (unsigned i = 0; i < engine->workers; i++)
        pthread_join(engine->threads[i], NULL);
    pthread_cond_destroy(&engine->idle);
    pthread_cond_destroy(&engine->work);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
