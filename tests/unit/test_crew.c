/*
 * Helpers: everything given is done once, by whomever, and nothing depends on there being one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/crew.h"
#include "fs/niceness.h"

#define PATIENCE_S 20

struct counting {
    struct crew_party *party;
    atomic_uint done;
    atomic_uint by_others; /* than the owner */
    pthread_t owner;
};

struct count_task {
    struct crew_task task;
    struct counting *counting;
    unsigned more; /* tasks to give */
};

static void run_count(struct crew_task *base);

static void give(struct counting *counting, unsigned more)
{
    struct count_task *task = calloc(1, sizeof(*task));

    *task = (struct count_task){ .task.run = run_count, .counting = counting, .more = more };
    if (crew_wants(counting->party) || crew_is_idle(counting->party))
        crew_give(counting->party, &task->task);
    else
        run_count(&task->task);
}

static void run_count(struct crew_task *base)
{
    struct count_task *task = (struct count_task *)base;
    struct counting *counting = task->counting;

    for (unsigned i = 0; i < task->more; i++)
        give(counting, task->more - 1);
    atomic_fetch_add(&counting->by_others, !pthread_equal(pthread_self(), counting->owner));
    atomic_fetch_add(&counting->done, 1);
    free(task);
}

static void all_that_is_given_is_done_once(void **state)
{
    (void)state;
    for (unsigned helpers = 0; helpers <= 4; helpers++) {
        struct crew *crew;
        struct crew_party party;
        struct counting counting = { .party = &party, .owner = pthread_self() };

        assert_int_equal(crew_open(helpers, &crew), 0);
        assert_true((crew != NULL) == (helpers > 0));
        for (unsigned round = 1; round <= 20; round++) {
            crew_begin(&party, crew);
            give(&counting, 5); /* 1 + 5 + 5*4 + ... of them */
            crew_wait(&party);
            assert_int_equal(atomic_load(&counting.done), 326 * round);
            give(&counting, 0); /* after waiting it goes on */
            crew_wait(&party);
            crew_end(&party);
            atomic_fetch_sub(&counting.done, 1);
        }
        crew_close(crew);
    }
}

static void wait_for(const atomic_uint *value, unsigned at_least)
{
    time_t end = time(NULL) + PATIENCE_S;

    while (atomic_load(value) < at_least) {
        assert_true(time(NULL) < end);
        usleep(100);
    }
}

static void helpers_take_what_is_given(void **state)
{
    struct crew *crew;
    struct crew_party party;
    struct counting counting = { .party = &party, .owner = pthread_self() };

    (void)state;
    assert_int_equal(crew_open(1, &crew), 0);
    crew_begin(&party, crew);
    for (unsigned i = 1; i <= 100; i++) {
        give(&counting, 0);
        wait_for(&counting.by_others, i); /* while the owner does something else */
    }
    crew_wait(&party);
    crew_end(&party);
    crew_close(crew);
}

struct gate {
    struct crew_task task;
    atomic_uint begun, open, done;
};

static void run_gate(struct crew_task *task)
{
    struct gate *gate = (struct gate *)task;

    atomic_fetch_add(&gate->begun, 1);
    wait_for(&gate->open, 1);
    atomic_fetch_add(&gate->done, 1);
}

static void a_busy_crew_keeps_nobody_waiting(void **state)
{
    struct gate gate = { .task.run = run_gate };
    struct crew_party one, other;
    struct counting counting = { .party = &other, .owner = pthread_self() };
    struct crew *crew;

    (void)state;
    assert_int_equal(crew_open(1, &crew), 0);
    crew_begin(&one, crew);
    crew_begin(&other, crew);
    assert_true(crew_is_idle(&one));
    crew_give(&one, &gate.task);
    wait_for(&gate.begun, 1);
    assert_false(crew_is_idle(&other));
    for (unsigned i = 0; i < 10; i++)
        give(&counting, 0); /* some are put aside, the others done at once */
    assert_in_range(atomic_load(&counting.done), 1, 9);
    crew_wait(&other);
    assert_int_equal(atomic_load(&counting.done), 10);
    assert_int_equal(atomic_load(&counting.by_others), 0);
    atomic_store(&gate.open, 1);
    crew_wait(&one);
    assert_int_equal(atomic_load(&gate.done), 1);
    crew_end(&one);
    crew_end(&other);
    crew_close(crew);
}

static void helpers_turn_to_the_next_party_after_each_task(void **state)
{
    struct gate gate = { .task.run = run_gate };
    struct crew_party parties[3];
    struct counting counting[3];
    struct crew *crew;

    (void)state;
    assert_int_equal(crew_open(1, &crew), 0);
    for (unsigned i = 0; i < 3; i++) {
        crew_begin(&parties[i], crew);
        counting[i] = (struct counting){ .party = &parties[i], .owner = pthread_self() };
    }
    crew_give(&parties[0], &gate.task);
    wait_for(&gate.begun, 1);
    for (unsigned i = 1; i < 3; i++)
        for (unsigned j = 0; j < 3; j++)
            give(&counting[i], 0);
    atomic_store(&gate.open, 1);
    wait_for(&counting[1].done, 1); /* nobody but the helper is at work: both parties get on */
    wait_for(&counting[2].done, 1);
    for (unsigned i = 0; i < 3; i++) {
        crew_wait(&parties[i]);
        crew_end(&parties[i]);
    }
    assert_int_equal(atomic_load(&counting[1].done), 3);
    assert_int_equal(atomic_load(&counting[2].done), 3);
    crew_close(crew);
}

struct ask {
    struct crew_task task;
    atomic_uint answered;
    int niceness;
};

static void run_ask(struct crew_task *task)
{
    struct ask *ask = (struct ask *)task;

    ask->niceness = getpriority(PRIO_PROCESS, (id_t)gettid());
    atomic_store(&ask->answered, 1);
}

/* A thread of the lowest priority works on a tree. */
static void *give_from_the_last(void *arg)
{
    struct ask ask = { .task.run = run_ask };
    struct crew_party party;

    niceness_add(NICENESS_LAST);
    crew_begin(&party, arg);
    crew_give(&party, &ask.task);
    wait_for(&ask.answered, 1);
    crew_wait(&party);
    crew_end(&party);
    return (void *)(intptr_t)ask.niceness;
}

static void helpers_are_as_nice_whoever_gives_to_them(void **state)
{
    int mine = getpriority(PRIO_PROCESS, (id_t)gettid());
    struct crew *crew;
    pthread_t thread;
    void *niceness;

    (void)state;
    assert_int_equal(crew_open(1, &crew), 0);
    assert_int_equal(pthread_create(&thread, NULL, give_from_the_last, crew), 0);
    assert_int_equal(pthread_join(thread, &niceness), 0);
    assert_int_equal((intptr_t)niceness, mine + NICENESS_TREES < 19 ? mine + NICENESS_TREES : 19);
    crew_close(crew);
}

static void a_crew_has_no_more_threads_than_processors(void **state)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_int_equal(crew_size(1), 0);
    assert_true(crew_size(2) <= 1);
    assert_true(crew_size(1000) < processors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_given_is_done_once),
        cmocka_unit_test(helpers_take_what_is_given),
        cmocka_unit_test(a_busy_crew_keeps_nobody_waiting),
        cmocka_unit_test(helpers_turn_to_the_next_party_after_each_task),
        cmocka_unit_test(helpers_are_as_nice_whoever_gives_to_them),
        cmocka_unit_test(a_crew_has_no_more_threads_than_processors),
    };

    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
