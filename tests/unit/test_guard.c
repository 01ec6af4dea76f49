/*
 * Guards: what conflicts, and that nobody gets in while another is. Threads are awaited on
 * conditions; that something does not happen is seen by what the holder reads meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "fs/guard.h"

static int set_up(void **state)
{
    return guard_table_open((struct guard_table **)state);
}

static int tear_down(void **state)
{
    guard_table_close(*state);
    return 0;
}

struct taker {
    struct guard_table *table;
    const char *first, *second;
    pthread_t thread;
    atomic_bool has;
};

static void *take_and_release(void *arg)
{
    struct taker *taker = arg;
    struct guard guard;

    guard_take(taker->table, &guard, taker->first, taker->second);
    atomic_store(&taker->has, true);
    guard_release(taker->table, &guard);
    return NULL;
}

static void start(struct taker *taker)
{
    assert_int_equal(pthread_create(&taker->thread, NULL, take_and_release, taker), 0);
}

static void a_moment(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void conflicts(void **state)
{
    static const struct {
        const char *a, *a2, *b, *b2;
        bool conflict;
    } rows[] = {
        { "a", NULL, "a", NULL, true },     { "a", NULL, "a/b", NULL, true },
        { "a/b", NULL, "a", NULL, true },   { "a", NULL, "", NULL, true },
        { "", NULL, "a/b", NULL, true },    { "a", NULL, "b", NULL, false },
        { "a", NULL, "ab", NULL, false },   { "a/b", NULL, "a/c", NULL, false },
        { "a", "x/y", "b", "x/y/z", true }, { "a", "x", "b", "y", false },
        { "a", "x/y", "x", NULL, true },    { "a", NULL, "b", "a/c", true },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct taker taker = { .table = *state, .first = rows[i].b, .second = rows[i].b2 };
        struct guard guard;

        guard_take(*state, &guard, rows[i].a, rows[i].a2);
        start(&taker);
        if (rows[i].conflict)
            a_moment();
        else
            pthread_join(taker.thread, NULL);
        bool had = atomic_load(&taker.has);
        guard_release(*state, &guard);
        if (rows[i].conflict)
            pthread_join(taker.thread, NULL);
        if (had == rows[i].conflict || !atomic_load(&taker.has))
            fail_msg("row %zu: \"%s\" and \"%s\"", i, rows[i].a, rows[i].b);
    }
}

static void a_release_elsewhere_lets_nobody_in(void **state)
{
    struct taker taker = { .table = *state, .first = "a" };
    struct guard guard, elsewhere;

    guard_take(*state, &guard, "a", NULL);
    guard_take(*state, &elsewhere, "z", NULL);
    start(&taker);
    a_moment();
    guard_release(*state, &elsewhere); /* wakes who waits */
    a_moment();
    assert_false(atomic_load(&taker.has));
    guard_release(*state, &guard);
    pthread_join(taker.thread, NULL);
}

static void who_waits_for_a_tree_is_not_overtaken(void **state)
{
    struct taker tree = { .table = *state, .first = "a" };
    struct taker member = { .table = *state, .first = "a/y" };
    struct guard guard;

    guard_take(*state, &guard, "a/x", NULL);
    start(&tree);
    a_moment();
    start(&member); /* no conflict with what is held, but with the tree that came before it */
    a_moment();
    assert_false(atomic_load(&tree.has));
    assert_false(atomic_load(&member.has));
    guard_release(*state, &guard);
    pthread_join(tree.thread, NULL);
    pthread_join(member.thread, NULL);
}

#define THREADS 8
#define ROUNDS  3000

static struct {
    struct guard_table *table;
    unsigned long plain[3]; /* unprotected but for the guards */
} crowd;

static void *run_crowd(void *arg)
{
    static const char *const names[3] = { "a", "b/c", "d" };
    unsigned seed = (unsigned)(uintptr_t)arg;

    for (int i = 0; i < ROUNDS; i++) {
        unsigned one = (unsigned)rand_r(&seed) % 3, two = (one + 1 + (unsigned)rand_r(&seed) % 2) % 3;
        struct guard guard;
        guard_take(crowd.table, &guard, names[one], names[two]);
        crowd.plain[one]++;
        crowd.plain[two]++;
        guard_release(crowd.table, &guard);
    }
    return NULL;
}

static void a_crowd_in_any_order_neither_collides_nor_hangs(void **state)
{
    pthread_t threads[THREADS];

    crowd.table = *state;
    crowd.plain[0] = crowd.plain[1] = crowd.plain[2] = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_crowd, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.plain[0] + crowd.plain[1] + crowd.plain[2], 2ul * THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(conflicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_release_elsewhere_lets_nobody_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_a_tree_is_not_overtaken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_in_any_order_neither_collides_nor_hangs, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
