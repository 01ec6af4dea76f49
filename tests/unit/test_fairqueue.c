/*
 * The order of a lane, without threads: the test itself is the workers. An entry carries a letter; what
 * was taken is read as a word.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/fairqueue.h"

struct item {
    struct fairqueue_entry entry; /* first: what take gives back */
    char name;
};

static struct fairqueue *open_queue(unsigned workers, unsigned waiting_max, bool has_reserve)
{
    struct fairqueue *queue;
    assert_int_equal(fairqueue_open(workers, waiting_max, has_reserve, &queue), 0);
    return queue;
}

/* Items live until they are taken. */
static struct item *new_item(char name)
{
    struct item *item = calloc(1, sizeof *item);
    assert_non_null(item);
    item->name = name;
    return item;
}

static void add(struct fairqueue *queue, const char *user, const char *client, char name)
{
    assert_int_equal(fairqueue_add(queue, user, client, 0, &new_item(name)->entry), 0);
}

static int try_own(struct fairqueue *queue, const char *user, const char *client, unsigned own_max)
{
    struct item *item = new_item(*user ? *user : *client);
    int error = fairqueue_add(queue, user, client, own_max, &item->entry);
    if (error)
        free(item);
    return error;
}

static void expect_refusal(struct fairqueue *queue, const char *user, const char *client)
{
    struct fairqueue_entry entry;
    assert_int_equal(fairqueue_add(queue, user, client, 0, &entry), EAGAIN);
}

/* Starts what is next and says whose work it is; expected 0: nothing may start. */
static struct fairqueue_flow *start(struct fairqueue *queue, char expected)
{
    assert_int_equal(fairqueue_is_ready(queue), expected != 0);
    struct item *item = (struct item *)fairqueue_take(queue);
    assert_int_equal(item ? item->name : 0, expected);
    struct fairqueue_flow *flow = item ? item->entry.flow : NULL;
    free(item);
    return flow;
}

/* One worker does all there is, one after the other. */
static void expect_order(struct fairqueue *queue, const char *expected)
{
    for (; *expected; expected++)
        fairqueue_end(queue, start(queue, *expected));
    start(queue, 0);
    assert_int_equal(fairqueue_waiting(queue), 0);
}

static void users_take_turns(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, false);
    for (int i = 0; i < 4; i++)
        add(queue, "ann", "1", 'A');
    add(queue, "bob", "1", 'B');
    add(queue, "cis", "1", 'C');
    add(queue, "cis", "1", 'D');
    expect_order(queue, "ABCADAA");
    fairqueue_close(queue);
}

static void clients_of_a_user_take_turns_in_the_users_turns(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, false);
    for (int i = 0; i < 3; i++)
        add(queue, "ann", "1", 'A');
    add(queue, "ann", "2", 'a');
    add(queue, "ann", "3", 'x');
    for (int i = 0; i < 3; i++)
        add(queue, "bob", "1", 'B');
    expect_order(queue, "ABaBxBAA");
    fairqueue_close(queue);
}

static void a_client_is_the_same_only_with_the_same_user(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, false);
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "1", 'A');
    add(queue, "an", "n1", 'B');
    add(queue, "", "1", 'C');
    expect_order(queue, "ABCA");
    fairqueue_close(queue);
}

static void who_has_the_fewest_running_comes_first(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(4, 100, false);
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "2", 'A');
    struct fairqueue_flow *one = start(queue, 'A'), *two = start(queue, 'A');
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "3", 'A');
    add(queue, "bob", "1", 'B');
    add(queue, "bob", "1", 'B');
    add(queue, "bob", "1", 'B');
    /* Nothing running, then one, then as many as ann: she waited longer. */
    struct fairqueue_flow *three = start(queue, 'B'), *four = start(queue, 'B');
    assert_false(fairqueue_is_ready(queue));
    fairqueue_end(queue, three);
    three = start(queue, 'B');
    fairqueue_end(queue, one);
    one = start(queue, 'A');
    fairqueue_end(queue, one);
    one = start(queue, 'A');
    fairqueue_end(queue, one);
    fairqueue_end(queue, two);
    fairqueue_end(queue, three);
    fairqueue_end(queue, four);
    fairqueue_close(queue);
}

static void the_last_worker_is_left_to_who_has_nothing_running(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(3, 100, true);
    struct fairqueue_flow *ann[2], *other;
    for (int i = 0; i < 5; i++)
        add(queue, "ann", "1", 'A');
    ann[0] = start(queue, 'A');
    ann[1] = start(queue, 'A');
    start(queue, 0);
    add(queue, "ann", "2", 'a'); /* another client of hers may have it, its second job not */
    add(queue, "ann", "2", 'a');
    other = start(queue, 'a');
    start(queue, 0);
    fairqueue_end(queue, other);
    other = start(queue, 'a');
    fairqueue_end(queue, other);
    start(queue, 0);
    fairqueue_end(queue, ann[0]);
    ann[0] = start(queue, 'A');
    start(queue, 0);
    fairqueue_end(queue, ann[0]);
    fairqueue_end(queue, ann[1]);
    expect_order(queue, "AA");
    fairqueue_close(queue);
}

static void the_reserve_goes_to_the_user_with_the_fewest_running(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(3, 100, true);
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "2", 'A');
    struct fairqueue_flow *one = start(queue, 'A'), *two = start(queue, 'A');
    add(queue, "ann", "3", 'a');
    add(queue, "bob", "1", 'B');
    struct fairqueue_flow *three = start(queue, 'B');
    start(queue, 0);
    fairqueue_end(queue, three);
    three = start(queue, 'a');
    fairqueue_end(queue, one);
    fairqueue_end(queue, two);
    fairqueue_end(queue, three);
    fairqueue_close(queue);
}

/* ann came by the reserve; when the others end she must not have all the workers. */
static void who_has_the_reserve_gets_no_second_worker_instead_of_it(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(2, 100, true);
    add(queue, "bob", "1", 'B');
    struct fairqueue_flow *bob = start(queue, 'B');
    for (int i = 0; i < 3; i++)
        add(queue, "ann", "1", 'A');
    struct fairqueue_flow *ann = start(queue, 'A');
    fairqueue_end(queue, bob);
    start(queue, 0);
    add(queue, "cis", "1", 'C');
    struct fairqueue_flow *cis = start(queue, 'C');
    start(queue, 0);
    fairqueue_end(queue, cis);
    start(queue, 0);
    fairqueue_end(queue, ann);
    expect_order(queue, "AA");
    fairqueue_close(queue);
}

/* However many newcomers there are, whoever is not new has the ordinary workers' turns. */
static void a_stream_of_newcomers_starves_nobody(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(2, 100, true);
    add(queue, "ann", "1", 'A');
    add(queue, "bob", "1", 'B');
    struct fairqueue_flow *ordinary = start(queue, 'A'), *reserved = start(queue, 'B');
    fairqueue_add_background(queue, ordinary, &new_item('p')->entry);
    for (int i = 0; i < 10; i++)
        add(queue, "bob", "2", 'B');
    fairqueue_end(queue, ordinary);
    ordinary = start(queue, 'p');
    fairqueue_end(queue, reserved);
    reserved = start(queue, 'B');
    fairqueue_end(queue, ordinary);
    fairqueue_end(queue, reserved);
    expect_order(queue, "BBBBBBBBB");
    fairqueue_close(queue);
}

static void one_worker_or_a_lane_without_a_reserve_serves_all(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, true);
    add(queue, "ann", "1", 'A');
    struct fairqueue_flow *one = start(queue, 'A'), *two;
    fairqueue_add_background(queue, one, &new_item('p')->entry);
    start(queue, 0);
    fairqueue_end(queue, one);
    expect_order(queue, "p");
    fairqueue_close(queue);

    queue = open_queue(2, 100, false);
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "1", 'A');
    one = start(queue, 'A');
    two = start(queue, 'A');
    fairqueue_end(queue, one);
    fairqueue_end(queue, two);
    fairqueue_close(queue);
}

static void background_work_is_its_owners_but_never_has_the_reserve(void **state)
{
    (void)state;
    struct fairqueue *from = open_queue(1, 100, false), *queue = open_queue(2, 100, true);
    struct fairqueue_flow *flow;
    /* It may come from another queue, as long as the work there has not ended yet. */
    for (int i = 0; i < 2; i++) {
        add(from, "ann", "1", 'A');
        flow = start(from, 'A');
        fairqueue_add_background(queue, flow, &new_item('p')->entry);
        fairqueue_end(from, flow);
    }
    struct fairqueue_flow *purge = start(queue, 'p');
    start(queue, 0);
    add(queue, "ann", "1", 'A'); /* ann has something running */
    start(queue, 0);
    add(queue, "bob", "1", 'B');
    struct fairqueue_flow *bob = start(queue, 'B');
    fairqueue_end(queue, bob);
    fairqueue_end(queue, purge);
    expect_order(queue, "pA"); /* first in, first out */
    fairqueue_add_background(queue, NULL, &new_item('q')->entry);
    expect_order(queue, "q");
    fairqueue_close(from);
    fairqueue_close(queue);
}

/* The reserve passes over background work that came before, of the same client. */
static void the_reserve_takes_a_job_behind_background_work(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(2, 100, true);
    add(queue, "bob", "1", 'B');
    struct fairqueue_flow *bob = start(queue, 'B');
    fairqueue_add_background(queue, bob, &new_item('p')->entry);
    add(queue, "ann", "1", 'x');
    struct fairqueue_flow *ann = start(queue, 'x');
    fairqueue_add_background(queue, ann, &new_item('q')->entry);
    fairqueue_end(queue, ann);
    start(queue, 0);
    add(queue, "ann", "1", 'A');
    ann = start(queue, 'A');
    fairqueue_end(queue, ann);
    fairqueue_end(queue, bob);
    expect_order(queue, "qp"); /* turns: ann ended first */
    fairqueue_close(queue);
}

static void a_user_may_fill_half_and_nobody_in_particular_all(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 4, false);
    add(queue, "ann", "1", 'A');
    add(queue, "ann", "2", 'A');
    expect_refusal(queue, "ann", "1");
    expect_refusal(queue, "ann", "3");
    add(queue, "", "1", 'C');
    add(queue, "", "1", 'C');
    expect_refusal(queue, "", "1");
    expect_refusal(queue, "bob", "1");
    fairqueue_end(queue, start(queue, 'A'));
    add(queue, "", "1", 'C');
    fairqueue_end(queue, start(queue, 'C'));
    expect_order(queue, "ACC");

    for (int i = 0; i < 4; i++)
        add(queue, "", "1", 'C');
    expect_order(queue, "CCCC");
    fairqueue_close(queue);

    queue = open_queue(1, 1, false);
    add(queue, "ann", "1", 'A');
    expect_order(queue, "A");
    fairqueue_close(queue);
}

static void background_work_is_never_refused_but_takes_room(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 4, false);
    add(queue, "ann", "1", 'A');
    struct fairqueue_flow *ann = start(queue, 'A');
    for (int i = 0; i < 2; i++)
        fairqueue_add_background(queue, ann, &new_item('p')->entry);
    expect_refusal(queue, "ann", "1");
    for (int i = 0; i < 3; i++)
        fairqueue_add_background(queue, ann, &new_item('p')->entry);
    expect_refusal(queue, "bob", "1");
    fairqueue_end(queue, ann);
    expect_order(queue, "ppppp");
    fairqueue_close(queue);
}

static void names_are_copied_and_only_their_beginning_counts(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, false);
    char user[FAIRQUEUE_NAME_MAX + 10];
    memset(user, 'u', sizeof user - 1);
    user[sizeof user - 1] = '\0';
    add(queue, user, user, 'A');
    user[FAIRQUEUE_NAME_MAX] = 'v';
    add(queue, user, user, 'B');
    user[0] = 'v';
    add(queue, user, user, 'C');
    expect_order(queue, "ACB");
    fairqueue_close(queue);
}

/* Names that come and go leave nothing behind: fairqueue_close would not stand it. */
static void thousands_of_owners_come_and_go_in_any_order(void **state)
{
    (void)state;
    enum { STEPS = 50000, WORKERS = 7, QUEUE = 500 };
    struct fairqueue *queue = open_queue(WORKERS, QUEUE, true);
    struct fairqueue_flow *running[WORKERS];
    unsigned count = 0, random = 1, added = 0, ended = 0;
    char user[16], client[16];

    for (int i = 0; i < STEPS || ended < added; i++) {
        random = random * 1103515245 + 12345;
        unsigned dice = random >> 16;
        if (i < STEPS && dice % 5 < 3) {
            snprintf(user, sizeof user, "%u", dice / 5 % 50);
            snprintf(client, sizeof client, "%u", dice / 250 % 5);
            struct item *item = new_item('x');
            if (fairqueue_add(queue, user, client, 0, &item->entry) == 0)
                added++;
            else
                free(item);
        }
        struct item *item;
        while ((item = (struct item *)fairqueue_take(queue))) {
            assert_in_range(count, 0, WORKERS - 1);
            running[count++] = item->entry.flow;
            free(item);
        }
        if (count > 0 && (i >= STEPS || dice % 2)) {
            unsigned n = dice % count;
            if (i < STEPS && dice % 11 == 0) {
                fairqueue_add_background(queue, running[n], &new_item('p')->entry);
                added++;
            }
            fairqueue_end(queue, running[n]);
            running[n] = running[--count];
            ended++;
        }
    }
    assert_int_equal(fairqueue_waiting(queue), 0);
    assert_int_equal(count, 0);
    fairqueue_close(queue);
}

static void an_owner_may_be_bound_to_less(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(1, 100, false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(try_own(queue, "ann", i ? "1" : "2", 2), 0);
        assert_int_equal(try_own(queue, "", "5", 2), 0);
        assert_int_equal(try_own(queue, "", "6", 2), 0); /* who has no name is bound by address */
    }
    assert_int_equal(try_own(queue, "ann", "3", 2), EDQUOT);
    assert_int_equal(try_own(queue, "", "5", 2), EDQUOT);
    assert_int_equal(try_own(queue, "bob", "3", 2), 0);
    assert_int_equal(try_own(queue, "ann", "3", 3), 0);
    fairqueue_end(queue, start(queue, 'a')); /* one of the three has gone */
    assert_int_equal(try_own(queue, "ann", "3", 2), EDQUOT);
    assert_int_equal(try_own(queue, "ann", "3", 3), 0);
    expect_order(queue, "5ba6a5a6");
    fairqueue_close(queue);
}

static void a_user_may_be_bound_to_some_workers(void **state)
{
    (void)state;
    struct fairqueue *queue = open_queue(4, 100, true);
    struct fairqueue_flow *ann[2], *bob, *nobody[2];
    fairqueue_set_running_max(queue, 2);
    for (int i = 0; i < 4; i++)
        add(queue, "ann", i % 2 ? "1" : "2", 'A');
    ann[0] = start(queue, 'A');
    ann[1] = start(queue, 'A');
    start(queue, 0);
    add(queue, "bob", "1", 'B');
    bob = start(queue, 'B');
    start(queue, 0);
    fairqueue_end(queue, ann[0]);
    ann[0] = start(queue, 'A');
    fairqueue_end(queue, bob);
    start(queue, 0); /* hers still, and two of four workers are free */
    fairqueue_set_running_max(queue, 0);
    bob = start(queue, 'A');
    fairqueue_end(queue, bob);
    fairqueue_end(queue, ann[0]);
    fairqueue_end(queue, ann[1]);

    fairqueue_set_running_max(queue, 1);
    add(queue, "", "1", 'x');
    add(queue, "", "1", 'x');
    nobody[0] = start(queue, 'x');
    nobody[1] = start(queue, 'x');
    fairqueue_end(queue, nobody[0]);
    fairqueue_end(queue, nobody[1]);
    fairqueue_close(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_may_be_bound_to_less),
        cmocka_unit_test(a_user_may_be_bound_to_some_workers),
        cmocka_unit_test(users_take_turns),
        cmocka_unit_test(clients_of_a_user_take_turns_in_the_users_turns),
        cmocka_unit_test(a_client_is_the_same_only_with_the_same_user),
        cmocka_unit_test(who_has_the_fewest_running_comes_first),
        cmocka_unit_test(the_last_worker_is_left_to_who_has_nothing_running),
        cmocka_unit_test(the_reserve_goes_to_the_user_with_the_fewest_running),
        cmocka_unit_test(who_has_the_reserve_gets_no_second_worker_instead_of_it),
        cmocka_unit_test(a_stream_of_newcomers_starves_nobody),
        cmocka_unit_test(one_worker_or_a_lane_without_a_reserve_serves_all),
        cmocka_unit_test(background_work_is_its_owners_but_never_has_the_reserve),
        cmocka_unit_test(the_reserve_takes_a_job_behind_background_work),
        cmocka_unit_test(a_user_may_fill_half_and_nobody_in_particular_all),
        cmocka_unit_test(background_work_is_never_refused_but_takes_room),
        cmocka_unit_test(names_are_copied_and_only_their_beginning_counts),
        cmocka_unit_test(thousands_of_owners_come_and_go_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
