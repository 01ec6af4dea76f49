/*
 * What may take long gives way to what is quick.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/niceness.h"
#include "src/job.h"
#include "src/timer.h"

struct item {
    struct job_waiter waiter; /* first: what done() gets */
    int priority;
    sem_t told;
};

static void run(void *arg)
{
    ((struct item *)arg)->priority = getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void done(struct job_waiter *waiter)
{
    sem_post(&((struct item *)waiter)->told);
}

static int priority_in(struct job_engine *engine, enum job_lane lane)
{
    static const struct job_kind kind = { .run = run };
    struct item item = { .waiter = { .done = done } };

    sem_init(&item.told, 0, 0);
    assert_int_equal(
        job_submit(engine, &kind, &item, lane, &(struct job_owner){ .user = "", .client = "" }, &item.waiter),
        0);
    while (sem_wait(&item.told) != 0 && errno == EINTR)
        ;
    job_leave(&item.waiter);
    job_engine_drain(engine, timer_now_ms() + 10000); /* the item is ours again */
    sem_destroy(&item.told);
    return item.priority;
}

static void a_lane_is_as_nice_as_it_is_told(void **state)
{
    (void)state;
    struct job_lane_size sizes[JOB_LANES];
    struct job_engine *engine;
    for (int i = 0; i < JOB_LANES; i++)
        sizes[i] = (struct job_lane_size){ .workers = 1, .queue_max = 4 };
    sizes[JOB_LONG].niceness = 3;
    int own = getpriority(PRIO_PROCESS, 0);

    assert_int_equal(job_engine_open(sizes, &engine), 0);
    assert_int_equal(priority_in(engine, JOB_SHORT), own);
    assert_int_equal(priority_in(engine, JOB_LONG), own + 3 < 19 ? own + 3 : 19);
    assert_true(job_engine_stop(engine, timer_now_ms() + 10000));
    job_engine_close(engine);
}

/* The kernel's struct sched_attr, whose header does not go with <pthread.h>. */
struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
    uint32_t util_min, util_max;
};

static void *be_prompt(void *arg)
{
    struct attr *attr = arg;
    niceness_add(2);
    niceness_be_prompt();
    assert_int_equal(syscall(SYS_sched_getattr, 0, attr, sizeof *attr, 0), 0);
    return NULL;
}

static void who_is_prompt_keeps_its_priority(void **state)
{
    (void)state;
    struct attr attr = { 0 };
    pthread_t thread;
    int own = getpriority(PRIO_PROCESS, 0);

    assert_int_equal(pthread_create(&thread, NULL, be_prompt, &attr), 0);
    pthread_join(thread, NULL);
    assert_int_equal(attr.policy, 0);
    assert_int_equal(attr.nice, own + 2 < 19 ? own + 2 : 19);
    if (!attr.runtime_ns)
        print_message("this kernel knows no slices\n");
    else
        assert_int_equal(attr.runtime_ns, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_is_as_nice_as_it_is_told),
        cmocka_unit_test(who_is_prompt_keeps_its_priority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
