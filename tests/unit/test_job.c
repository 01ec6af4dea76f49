/*
 * The job engine: lanes, waiters, stopping. Conditions are awaited, never slept for.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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
};

static void run(void *arg)
{
    struct item *item = arg;
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
    return engine;
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

    assert_int_equal(job_submit(engine, &kind, &item, JOB_SHORT, &item.waiter), 0);
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

    assert_int_equal(job_submit(engine, &kind, &item, JOB_LONG, &item.waiter), 0);
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
    for (int lane = JOB_UPLOAD; lane < JOB_LANES; lane++) {
        for (int i = 0; i < EACH; i++) {
            struct item *item = &slow[lane][i];
            *item = (struct item){ .waiter = { .done = done }, .start = &start, .started = &started };
            assert_int_equal(job_submit(engine, &kind, item, (enum job_lane)lane, &item->waiter), 0);
        }
    }
    gate_await(&started, (JOB_LANES - 1) * 2);

    struct item quick = { .waiter = { .done = done }, .ended = &ended };
    assert_int_equal(job_submit(engine, &kind, &quick, JOB_SHORT, &quick.waiter), 0);
    gate_await(&ended, 1);
    assert_int_equal(gate_value(&started), (JOB_LANES - 1) * 2);

    gate_add(&start, 1);
    gate_await(&told, (JOB_LANES - 1) * EACH + 1);
    for (int lane = JOB_UPLOAD; lane < JOB_LANES; lane++)
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
        assert_int_equal(job_submit(engine, &kind, &items[i], JOB_SHORT, &items[i].waiter), 0);
    }
    gate_await(&told, JOBS);
    assert_int_equal(job_submit(engine, &kind, &quick, JOB_SHORT, &quick.waiter), 0);
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
        assert_int_equal(job_submit(engine, &kind, &busy[i], JOB_SHORT, &busy[i].waiter), 0);
    }
    gate_await(&started, 2);
    for (int i = 0; i < QUEUE; i++) {
        queued[i].waiter.done = done;
        assert_int_equal(job_submit(engine, &kind, &queued[i], JOB_SHORT, &queued[i].waiter), 0);
    }
    assert_int_equal(job_submit(engine, &kind, &refused, JOB_SHORT, &refused.waiter), EAGAIN);
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
    assert_int_equal(job_submit(engine, &kind, &item, JOB_LONG, &item.waiter), 0);
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
    assert_int_equal(job_submit(engine, &kind, &item, JOB_SHORT, &item.waiter), 0);
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
        assert_int_equal(job_submit(engine, &kind, &items[i], i % 2 ? JOB_LONG : JOB_SHORT, &items[i].waiter),
                         0);
    }
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    assert_int_equal(gate_value(&told), JOBS);
    assert_int_equal(gate_value(&ended), JOBS);

    struct item late = { .waiter = { .done = done } };
    assert_int_equal(job_submit(engine, &kind, &late, JOB_SHORT, &late.waiter), ECANCELED);
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
    assert_int_equal(job_submit(engine, &kind, &item, JOB_SHORT, &item.waiter), 0);
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
        assert_int_equal(job_submit(engine, &kind, &items[i], i % 3 ? JOB_SHORT : JOB_LONG, &items[i].waiter),
                         0);
        if (i % 2)
            job_leave(&items[i - i % 7].waiter);
    }
    for (int i = 0; i < JOBS; i++)
        job_leave(&items[i].waiter);
    gate_await(&released, JOBS);
    close_engine(engine);
    free(items);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
