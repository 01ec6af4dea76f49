/*
 * The job engine: lanes, owners, waiters, jobs without a worker, stopping. Conditions are awaited, never
 * slept for.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/progress.h"
#include "src/job.h"
#include "src/timer.h"

/* A gate that workers and the test wait for each other at. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int value;
};
#define GATE                                                                                                 \
    {                                                                                                        \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                                               \
    }

static void gate_add(struct gate *gate, int n)
{
    pthread_mutex_lock(&gate->mutex);
    gate->value += n;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_await(struct gate *gate, int n)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->value < n)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static int gate_value(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    int value = gate->value;
    pthread_mutex_unlock(&gate->mutex);
    return value;
}

struct item {
    struct job_waiter waiter; /* first: what done() gets */
    struct progress progress;
    struct gate *start, *started, *ended, *clean, *cleaned, *released;
    bool until_stopped;
    char name; /* for the log of who ran when */
};

/* Written by the workers of a lane with one of them, read by the test when all have told. */
static struct {
    pthread_mutex_t mutex;
    char text[64];
    size_t length;
} history = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void history_add(char name)
{
    pthread_mutex_lock(&history.mutex);
    assert(history.length < sizeof history.text - 1);
    history.text[history.length++] = name;
    history.text[history.length] = '\0';
    pthread_mutex_unlock(&history.mutex);
}

static void run(void *arg)
{
    struct item *item = arg;
    if (item->name)
        history_add(item->name);
    if (item->started)
        gate_add(item->started, 1);
    if (item->start)
        gate_await(item->start, 1);
    while (item->until_stopped && !progress_is_stopped(&item->progress))
        ;
    if (item->ended)
        gate_add(item->ended, 1);
}

static bool has_after(void *arg)
{
    return ((struct item *)arg)->cleaned != NULL;
}

static void after(void *arg)
{
    struct item *item = arg;
    if (item->clean)
        gate_await(item->clean, 1);
    gate_add(item->cleaned, 1);
}

static void release(void *arg)
{
    struct item *item = arg;
    if (item->released)
        gate_add(item->released, 1);
}

static void stop(void *arg)
{
    progress_stop(&((struct item *)arg)->progress);
}

static const struct job_kind kind = { run, has_after, after, release, stop };

static struct gate told = GATE;

static void done(struct job_waiter *waiter)
{
    (void)waiter;
    gate_add(&told, 1);
}

static struct job_engine *open_engine(unsigned workers, unsigned queue_max)
{
    struct job_lane_size sizes[JOB_LANES];
    struct job_engine *engine;
    for (int i = 0; i < JOB_LANES; i++)
        sizes[i] = (struct job_lane_size){ .workers = workers, .queue_max = queue_max };
    assert_int_equal(job_engine_open(sizes, &engine), 0);
    told.value = 0;
    history.length = 0;
    return engine;
}

static int submit_as(struct job_engine *engine, const char *user, const char *client, struct item *item,
                     enum job_lane lane)
{
    item->waiter.done = done;
    return job_submit(engine, &kind, item, lane, &(struct job_owner){ .user = user, .client = client },
                      &item->waiter);
}

static int submit(struct job_engine *engine, struct item *item, enum job_lane lane)
{
    return submit_as(engine, "", "", item, lane);
}

static void close_engine(struct job_engine *engine)
{
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    job_engine_close(engine);
}

static void a_waiter_is_told_and_the_item_lives_until_it_leaves(void **state)
{
    (void)state;
    struct gate cleaned = GATE, released = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .waiter = { .done = done }, .cleaned = &cleaned, .released = &released };

    assert_int_equal(submit(engine, &item, JOB_SHORT), 0);
    gate_await(&told, 1);
    gate_await(&cleaned, 1);
    assert_true(job_is_done(&item.waiter));
    assert_int_equal(gate_value(&released), 0);
    job_leave(&item.waiter);
    gate_await(&released, 1);
    assert_null(item.waiter.job);
    close_engine(engine);
}

static void a_job_goes_on_when_its_waiter_leaves(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE, released = GATE, ended = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .waiter = { .done = done },
                         .start = &start,
                         .started = &started,
                         .ended = &ended,
                         .released = &released };

    assert_int_equal(submit(engine, &item, JOB_LONG), 0);
    gate_await(&started, 1);
    assert_false(job_is_done(&item.waiter));
    job_leave(&item.waiter);
    gate_add(&start, 1);
    gate_await(&released, 1);
    assert_int_equal(gate_value(&ended), 1);
    assert_int_equal(gate_value(&told), 0);
    close_engine(engine);
}

static void no_lane_waits_for_another(void **state)
{
    (void)state;
    enum { EACH = 5 };
    struct gate start = GATE, started = GATE, ended = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item slow[JOB_LANES][EACH] = { 0 };
    for (int lane = JOB_CHANGE; lane < JOB_LANES; lane++) {
        for (int i = 0; i < EACH; i++) {
            struct item *item = &slow[lane][i];
            *item = (struct item){ .waiter = { .done = done }, .start = &start, .started = &started };
            assert_int_equal(submit_as(engine, i % 2 ? "one" : "other", "", item, (enum job_lane)lane), 0);
        }
    }
    gate_await(&started, (JOB_LANES - 1) * 2);

    struct item quick = { .waiter = { .done = done }, .ended = &ended };
    assert_int_equal(submit(engine, &quick, JOB_SHORT), 0);
    gate_await(&ended, 1);
    assert_int_equal(gate_value(&started), (JOB_LANES - 1) * 2);

    gate_add(&start, 1);
    gate_await(&told, (JOB_LANES - 1) * EACH + 1);
    for (int lane = JOB_CHANGE; lane < JOB_LANES; lane++)
        for (int i = 0; i < EACH; i++)
            job_leave(&slow[lane][i].waiter);
    job_leave(&quick.waiter);
    close_engine(engine);
}

static void cleaning_up_is_long_work_even_behind_a_short_job(void **state)
{
    (void)state;
    enum { JOBS = 3 };
    struct gate clean = GATE, cleaned = GATE, ended = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item items[JOBS] = { 0 }, quick = { .waiter = { .done = done }, .ended = &ended };
    for (int i = 0; i < JOBS; i++) {
        items[i] = (struct item){ .waiter = { .done = done }, .clean = &clean, .cleaned = &cleaned };
        assert_int_equal(submit(engine, &items[i], JOB_SHORT), 0);
    }
    gate_await(&told, JOBS);
    assert_int_equal(submit(engine, &quick, JOB_SHORT), 0);
    gate_await(&ended, 1);
    assert_int_equal(gate_value(&cleaned), 0);
    gate_add(&clean, 1);
    gate_await(&cleaned, JOBS);
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    job_leave(&quick.waiter);
    close_engine(engine);
}

static void a_full_queue_refuses_and_leaves_the_item_alone(void **state)
{
    (void)state;
    enum { QUEUE = 4 };
    struct gate start = GATE, started = GATE, released = GATE;
    struct job_engine *engine = open_engine(2, QUEUE);
    struct item busy[2] = { 0 }, queued[QUEUE] = { 0 }, refused = { .released = &released };
    for (int i = 0; i < 2; i++) {
        busy[i] = (struct item){ .waiter = { .done = done }, .start = &start, .started = &started };
        assert_int_equal(submit(engine, &busy[i], JOB_SHORT), 0);
    }
    gate_await(&started, 2);
    for (int i = 0; i < QUEUE; i++) {
        queued[i].waiter.done = done;
        assert_int_equal(submit(engine, &queued[i], JOB_SHORT), 0);
    }
    assert_int_equal(submit(engine, &refused, JOB_SHORT), EAGAIN);
    assert_null(refused.waiter.job);
    gate_add(&start, 1);
    gate_await(&told, QUEUE + 2);
    for (int i = 0; i < QUEUE; i++)
        job_leave(&queued[i].waiter);
    for (int i = 0; i < 2; i++)
        job_leave(&busy[i].waiter);
    assert_int_equal(gate_value(&released), 0);
    close_engine(engine);
}

static void draining_waits_for_what_is_done_behind_the_answer(void **state)
{
    (void)state;
    struct gate cleaned = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .waiter = { .done = done }, .cleaned = &cleaned };
    assert_int_equal(submit(engine, &item, JOB_LONG), 0);
    gate_await(&told, 1);
    assert_true(job_engine_drain(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&cleaned), 1);
    job_leave(&item.waiter);
    close_engine(engine);
}

static void draining_gives_up_at_its_deadline_and_stops_nothing(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .waiter = { .done = done }, .start = &start, .started = &started };
    assert_int_equal(submit(engine, &item, JOB_SHORT), 0);
    gate_await(&started, 1);
    assert_false(job_engine_drain(engine, timer_now_ms() + 20));
    assert_false(progress_is_stopped(&item.progress));
    gate_add(&start, 1);
    gate_await(&told, 1);
    job_leave(&item.waiter);
    close_engine(engine);
}

static void stopping_reaches_running_and_queued_jobs_and_every_waiter_is_told(void **state)
{
    (void)state;
    enum { JOBS = 6 };
    struct gate ended = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item items[JOBS] = { 0 };
    for (int i = 0; i < JOBS; i++) {
        items[i] = (struct item){ .waiter = { .done = done }, .ended = &ended, .until_stopped = true };
        assert_int_equal(submit(engine, &items[i], i % 2 ? JOB_LONG : JOB_SHORT), 0);
    }
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&told), JOBS);
    assert_int_equal(gate_value(&ended), JOBS);

    struct item late = { .waiter = { .done = done } };
    assert_int_equal(submit(engine, &late, JOB_SHORT), ECANCELED);
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    job_engine_close(engine);
}

static void a_job_that_does_not_stop_is_reported_not_awaited_for_ever(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .waiter = { .done = done }, .start = &start, .started = &started };
    assert_int_equal(submit(engine, &item, JOB_SHORT), 0);
    gate_await(&started, 1);
    assert_false(job_engine_stop(engine, timer_now_ms() + 20));
    gate_add(&start, 1);
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    job_leave(&item.waiter);
    job_engine_close(engine);
}

/* Waiters leave at random moments while jobs run: for the thread sanitizer. */
static void thousands_of_jobs_come_and_go(void **state)
{
    (void)state;
    enum { JOBS = 5000 };
    struct gate released = GATE;
    struct job_engine *engine = open_engine(4, JOBS);
    struct item *items = calloc(JOBS, sizeof *items);
    for (int i = 0; i < JOBS; i++) {
        items[i] = (struct item){ .waiter = { .done = done }, .released = &released };
        assert_int_equal(submit(engine, &items[i], i % 3 ? JOB_SHORT : JOB_LONG), 0);
        if (i % 2)
            job_leave(&items[i - i % 7].waiter);
    }
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    gate_await(&released, JOBS);
    close_engine(engine);
    free(items);
}

/* ---- owners ---- */

static void owners_take_turns_whoever_queued_more(void **state)
{
    (void)state;
    static const struct {
        char name;
        const char *user, *client;
    } queued[] = {
        { 'A', "ann", "1" }, { 'A', "ann", "1" }, { 'A', "ann", "1" }, { 'A', "ann", "1" },
        { 'B', "bob", "1" }, { 'a', "ann", "2" }, { 'C', "", "1" },    { 'a', "ann", "2" },
    };
    enum { JOBS = sizeof queued / sizeof queued[0] };
    struct gate start = GATE, started = GATE;
    struct job_engine *engine = open_engine(1, 100);
    struct item busy = { .start = &start, .started = &started }, items[JOBS] = { 0 };

    assert_int_equal(submit(engine, &busy, JOB_LONG), 0);
    gate_await(&started, 1);
    for (int i = 0; i < JOBS; i++) {
        items[i].name = queued[i].name;
        assert_int_equal(submit_as(engine, queued[i].user, queued[i].client, &items[i], JOB_LONG), 0);
    }
    assert_int_equal(job_waiting(engine, JOB_LONG), JOBS);
    assert_int_equal(job_waiting(engine, JOB_SHORT), 0);
    assert_int_equal(job_lane_workers(engine, JOB_LONG), 1);
    gate_add(&start, 1);
    gate_await(&told, JOBS + 1);
    assert_string_equal(history.text, "ABCaAaAA");
    job_leave(&busy.waiter);
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    close_engine(engine);
}

static void copies_of_one_client_leave_a_worker_to_another(void **state)
{
    (void)state;
    enum { COPIES = 5 };
    static const enum job_lane lanes[] = { JOB_UPLOAD, JOB_LONG };
    for (size_t n = 0; n < sizeof lanes / sizeof lanes[0]; n++) {
        struct gate start = GATE, started = GATE, ended = GATE;
        struct job_engine *engine = open_engine(3, 100);
        struct item copies[COPIES] = { 0 }, other = { .ended = &ended };
        for (int i = 0; i < COPIES; i++) {
            copies[i] = (struct item){ .start = &start, .started = &started };
            assert_int_equal(submit_as(engine, "ann", "1", &copies[i], lanes[n]), 0);
        }
        gate_await(&started, 2);
        assert_int_equal(submit_as(engine, "ann", "2", &other, lanes[n]), 0);
        gate_await(&ended, 1);
        assert_int_equal(gate_value(&started), 2);
        gate_add(&start, 1);
        gate_await(&told, COPIES + 1);
        job_leave(&other.waiter);
        for (int i = 0; i < COPIES; i++)
            job_leave(&copies[i].waiter);
        close_engine(engine);
    }
}

static void short_work_uses_every_worker(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item items[2] = { 0 };
    for (int i = 0; i < 2; i++) {
        items[i] = (struct item){ .start = &start, .started = &started };
        assert_int_equal(submit_as(engine, "ann", "1", &items[i], JOB_SHORT), 0);
    }
    gate_await(&started, 2);
    gate_add(&start, 1);
    for (int i = 0; i < 2; i++)
        job_leave(&items[i].waiter);
    close_engine(engine);
}

static void cleaning_up_leaves_a_worker_and_counts_for_its_owner(void **state)
{
    (void)state;
    enum { JOBS = 3 };
    struct gate clean = GATE, cleaned = GATE, ended = GATE, start = GATE, started = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item items[JOBS] = { 0 }, other = { .ended = &ended };
    struct item own = { .start = &start, .started = &started };
    static const char *const users[JOBS] = { "ann", "bob", "cis" };
    for (int i = 0; i < JOBS; i++) {
        items[i] = (struct item){ .clean = &clean, .cleaned = &cleaned };
        assert_int_equal(submit_as(engine, users[i], "1", &items[i], JOB_SHORT), 0);
        gate_await(&told, i + 1);
    }
    /* ann's is being cleaned up, the other worker is kept free: for dan, not for more of ann's. */
    assert_int_equal(submit_as(engine, "ann", "1", &own, JOB_LONG), 0);
    assert_int_equal(submit_as(engine, "dan", "1", &other, JOB_LONG), 0);
    gate_await(&ended, 1);
    gate_await(&told, JOBS + 1);
    assert_int_equal(gate_value(&started), 0);
    assert_int_equal(job_waiting(engine, JOB_LONG), JOBS);
    gate_add(&clean, 1);
    gate_add(&start, 1);
    gate_await(&cleaned, JOBS);
    gate_await(&told, JOBS + 2);
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    job_leave(&own.waiter);
    job_leave(&other.waiter);
    close_engine(engine);
}

static void a_worker_that_slept_wakes_when_an_owner_has_nothing_running_any_more(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE, clean = GATE, cleaned = GATE, ended = GATE;
    struct job_engine *engine = open_engine(2, 100);
    struct item first = { .start = &start, .started = &started }, second = { .ended = &ended };
    struct item swept = { .clean = &clean, .cleaned = &cleaned }, quick = { 0 };

    assert_int_equal(submit_as(engine, "ann", "1", &first, JOB_LONG), 0);
    gate_await(&started, 1);
    assert_int_equal(submit_as(engine, "bob", "1", &swept, JOB_SHORT), 0);
    gate_await(&told, 1);
    assert_int_equal(submit_as(engine, "ann", "1", &second, JOB_LONG), 0);
    /* Once the quick job is seen to be done, the worker that had it sleeps: nothing else is for it. */
    assert_int_equal(submit_as(engine, "cis", "1", &quick, JOB_LONG), 0);
    gate_await(&told, 2);
    assert_true(job_is_done(&quick.waiter));
    /* The other worker ends and cleans up for bob; the one that sleeps must take the second. */
    gate_add(&start, 1);
    gate_await(&ended, 1);
    gate_add(&clean, 1);
    gate_await(&cleaned, 1);
    job_leave(&first.waiter);
    job_leave(&second.waiter);
    job_leave(&swept.waiter);
    job_leave(&quick.waiter);
    close_engine(engine);
}

static void half_a_queue_is_the_most_for_one_user(void **state)
{
    (void)state;
    enum { QUEUE = 5, HALF = 3 };
    struct gate start = GATE, started = GATE;
    struct job_engine *engine = open_engine(1, QUEUE);
    struct item busy = { .start = &start, .started = &started }, items[QUEUE] = { 0 }, refused = { 0 };
    assert_int_equal(submit_as(engine, "ann", "1", &busy, JOB_LONG), 0);
    gate_await(&started, 1);
    for (int i = 0; i < HALF; i++)
        assert_int_equal(submit_as(engine, "ann", i % 2 ? "1" : "2", &items[i], JOB_LONG), 0);
    assert_int_equal(submit_as(engine, "ann", "3", &refused, JOB_LONG), EAGAIN);
    for (int i = HALF; i < QUEUE; i++)
        assert_int_equal(submit_as(engine, "bob", "1", &items[i], JOB_LONG), 0);
    assert_int_equal(submit_as(engine, "cis", "1", &refused, JOB_LONG), EAGAIN);
    assert_null(refused.waiter.job);
    gate_add(&start, 1);
    gate_await(&told, QUEUE + 1);
    job_leave(&busy.waiter);
    for (int i = 0; i < QUEUE; i++)
        job_leave(&items[i].waiter);
    close_engine(engine);
}

/* ---- jobs that no worker runs ---- */

static void a_begun_job_is_live_until_it_is_ended(void **state)
{
    (void)state;
    struct gate started = GATE, cleaned = GATE, released = GATE;
    struct job_engine *engine = open_engine(1, 1);
    struct item item = {
        .waiter = { .done = done }, .started = &started, .cleaned = &cleaned, .released = &released
    };

    assert_int_equal(job_begin(engine, &kind, &item, &item.waiter), 0);
    assert_false(job_is_done(&item.waiter));
    assert_false(job_engine_drain(engine, timer_now_ms() + 20));
    job_end(item.waiter.job);
    assert_int_equal(gate_value(&told), 1);
    assert_true(job_is_done(&item.waiter));
    assert_true(job_engine_drain(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&cleaned), 1);
    assert_int_equal(gate_value(&started), 0);
    assert_int_equal(gate_value(&released), 0);
    job_leave(&item.waiter);
    assert_int_equal(gate_value(&released), 1);
    close_engine(engine);
}

static void a_begun_job_that_nobody_waits_for_is_released_when_it_ends(void **state)
{
    (void)state;
    struct gate released = GATE;
    struct job_engine *engine = open_engine(1, 1);
    struct item item = { .waiter = { .done = done }, .released = &released };
    assert_int_equal(job_begin(engine, &kind, &item, &item.waiter), 0);
    struct job *job = item.waiter.job;
    job_leave(&item.waiter);
    assert_int_equal(gate_value(&released), 0);
    job_end(job);
    assert_int_equal(gate_value(&released), 1);
    assert_int_equal(gate_value(&told), 0);
    close_engine(engine);
}

/* Whoever does the work of a begun job: sees the wish and ends it. */
static void *end_when_stopped(void *arg)
{
    struct job *job = ((struct item *)arg)->waiter.job;
    while (!progress_is_stopped(&((struct item *)arg)->progress))
        ;
    job_end(job);
    return NULL;
}

static void stopping_the_engine_reaches_begun_jobs(void **state)
{
    (void)state;
    pthread_t thread;
    struct gate released = GATE;
    struct job_engine *engine = open_engine(1, 1);
    struct item item = { .waiter = { .done = done }, .released = &released }, late = { 0 };
    assert_int_equal(job_begin(engine, &kind, &item, &item.waiter), 0);
    assert_int_equal(pthread_create(&thread, NULL, end_when_stopped, &item), 0);
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&told), 1);
    assert_int_equal(job_begin(engine, &kind, &late, &late.waiter), ECANCELED);
    assert_null(late.waiter.job);
    pthread_join(thread, NULL);
    job_leave(&item.waiter);
    assert_int_equal(gate_value(&released), 1);
    job_engine_close(engine);
}

static void slow_release(void *arg)
{
    struct item *item = arg;
    gate_add(item->started, 1);
    gate_await(item->start, 1);
    gate_add(item->released, 1);
}

static void *end_job(void *job)
{
    job_end(job);
    return NULL;
}

static void the_engine_is_not_idle_while_an_item_is_being_released(void **state)
{
    (void)state;
    static const struct job_kind slow_kind = { .release = slow_release };
    pthread_t thread;
    struct gate start = GATE, started = GATE, released = GATE;
    struct job_engine *engine = open_engine(1, 1);
    struct item item = { .start = &start, .started = &started, .released = &released };
    assert_int_equal(job_begin(engine, &slow_kind, &item, &item.waiter), 0);
    struct job *job = item.waiter.job;
    job_leave(&item.waiter);
    assert_int_equal(pthread_create(&thread, NULL, end_job, job), 0);
    gate_await(&started, 1);
    assert_false(job_engine_stop(engine, timer_now_ms() + 20));
    gate_add(&start, 1);
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&released), 1);
    job_engine_close(engine);
    pthread_join(thread, NULL);
}

/* ---- joining ---- */

static void who_joins_is_told_too_unless_it_is_done_already(void **state)
{
    (void)state;
    struct gate start = GATE, started = GATE, released = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .start = &start, .started = &started, .released = &released };
    struct job_waiter before = { .done = done }, behind = { .done = done };

    assert_int_equal(submit(engine, &item, JOB_LONG), 0);
    gate_await(&started, 1);
    job_join(item.waiter.job, &before);
    job_leave(&item.waiter);
    assert_false(job_is_done(&before));
    gate_add(&start, 1);
    gate_await(&told, 1);
    assert_true(job_is_done(&before));
    job_join(before.job, &behind);
    assert_true(job_is_done(&behind));
    job_leave(&before);
    assert_true(job_engine_drain(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&released), 0);
    job_leave(&behind);
    assert_int_equal(gate_value(&released), 1);
    assert_int_equal(gate_value(&told), 1);
    close_engine(engine);
}

static void a_thousand_wait_for_one_job(void **state)
{
    (void)state;
    enum { WAITERS = 1000 };
    struct gate start = GATE, ended = GATE, released = GATE;
    struct job_engine *engine = open_engine(2, 10);
    struct item item = { .start = &start, .ended = &ended, .released = &released };
    struct job_waiter *waiters = calloc(WAITERS, sizeof *waiters);

    assert_int_equal(submit(engine, &item, JOB_LONG), 0);
    for (int i = 0; i < WAITERS; i++) {
        waiters[i].done = done;
        job_join(item.waiter.job, &waiters[i]);
    }
    for (int i = WAITERS - 1; i >= 0; i--) /* neighbours in both directions of the list */
        if (i % 4 < 2)
            job_leave(&waiters[i]);
    gate_add(&start, 1);
    gate_await(&told, WAITERS / 2 + 1);
    job_leave(&item.waiter);
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(gate_value(&released), 0);
        assert_true(i % 4 < 2 || job_is_done(&waiters[i]));
        job_leave(&waiters[i]);
    }
    gate_await(&released, 1);
    assert_int_equal(gate_value(&ended), 1);
    assert_int_equal(gate_value(&told), WAITERS / 2 + 1);
    close_engine(engine);
    free(waiters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiter_is_told_and_the_item_lives_until_it_leaves),
        cmocka_unit_test(a_job_goes_on_when_its_waiter_leaves),
        cmocka_unit_test(no_lane_waits_for_another),
        cmocka_unit_test(cleaning_up_is_long_work_even_behind_a_short_job),
        cmocka_unit_test(a_full_queue_refuses_and_leaves_the_item_alone),
        cmocka_unit_test(draining_waits_for_what_is_done_behind_the_answer),
        cmocka_unit_test(draining_gives_up_at_its_deadline_and_stops_nothing),
        cmocka_unit_test(stopping_reaches_running_and_queued_jobs_and_every_waiter_is_told),
        cmocka_unit_test(a_job_that_does_not_stop_is_reported_not_awaited_for_ever),
        cmocka_unit_test(thousands_of_jobs_come_and_go),
        cmocka_unit_test(owners_take_turns_whoever_queued_more),
        cmocka_unit_test(copies_of_one_client_leave_a_worker_to_another),
        cmocka_unit_test(short_work_uses_every_worker),
        cmocka_unit_test(cleaning_up_leaves_a_worker_and_counts_for_its_owner),
        cmocka_unit_test(a_worker_that_slept_wakes_when_an_owner_has_nothing_running_any_more),
        cmocka_unit_test(half_a_queue_is_the_most_for_one_user),
        cmocka_unit_test(a_begun_job_is_live_until_it_is_ended),
        cmocka_unit_test(a_begun_job_that_nobody_waits_for_is_released_when_it_ends),
        cmocka_unit_test(stopping_the_engine_reaches_begun_jobs),
        cmocka_unit_test(the_engine_is_not_idle_while_an_item_is_being_released),
        cmocka_unit_test(who_joins_is_told_too_unless_it_is_done_already),
        cmocka_unit_test(a_thousand_wait_for_one_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
