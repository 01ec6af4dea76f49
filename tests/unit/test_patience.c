/*
 * What a connection may take its time for, on a clock of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/patience.h"

#define BEGIN 1000000

static const struct limits limits = { .idle_ms = 300000, .head_ms = 20000, .body_rate = 100 };

static enum patience_end look(struct patience *p, unsigned turn, enum patience_for what, int64_t ms,
                              uint64_t received, uint64_t taken)
{
    const struct patience_view view = {
        .turn = turn, .what = what, .now_ms = BEGIN + ms, .received = received, .taken = taken
    };
    return patience_look(p, &limits, &view);
}

static struct patience begin(void)
{
    struct patience patience;
    patience_init(&patience, BEGIN);
    return patience;
}

static void the_first_head_counts_from_the_accept(void **state)
{
    (void)state;
    struct patience p = begin();
    assert_int_equal(look(&p, 0, PATIENCE_FOR_HEAD, 19000, 5, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 0, PATIENCE_FOR_HEAD, 19999, 6, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 0, PATIENCE_FOR_HEAD, 20000, 7, 0), PATIENCE_ENDS_HEAD);
    p = begin();
    assert_int_equal(look(&p, 0, PATIENCE_FOR_HEAD, 20000, 0, 0), PATIENCE_ENDS_IDLE);
}

static void later_heads_count_from_their_first_byte(void **state)
{
    (void)state;
    struct patience p = begin();
    assert_int_equal(look(&p, 5, PATIENCE_FOR_HEAD, 1000, 500, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 5, PATIENCE_FOR_HEAD, 200000, 500, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 5, PATIENCE_FOR_HEAD, 201000, 501, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 5, PATIENCE_FOR_HEAD, 220999, 599, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 5, PATIENCE_FOR_HEAD, 221000, 599, 0), PATIENCE_ENDS_HEAD);
    assert_int_equal(look(&p, 8, PATIENCE_FOR_HEAD, 222000, 700, 0), PATIENCE_LASTS);
}

static void idle_is_without_a_byte(void **state)
{
    (void)state;
    struct patience p = begin();
    look(&p, 2, PATIENCE_FOR_HEAD, 1000, 500, 0);
    assert_int_equal(look(&p, 2, PATIENCE_FOR_HEAD, 300999, 500, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 2, PATIENCE_FOR_HEAD, 301000, 500, 0), PATIENCE_ENDS_IDLE);
}

static void a_body_must_come_at_its_rate_once_its_time_is_over(void **state)
{
    (void)state;
    struct patience p = begin();
    look(&p, 1, PATIENCE_FOR_BODY, 1000, 0, 0);
    assert_int_equal(look(&p, 1, PATIENCE_FOR_BODY, 20999, 0, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 1, PATIENCE_FOR_BODY, 21000, 0, 2000), PATIENCE_LASTS);
    assert_int_equal(look(&p, 1, PATIENCE_FOR_BODY, 31000, 0, 3000), PATIENCE_LASTS);
    assert_int_equal(look(&p, 1, PATIENCE_FOR_BODY, 41000, 0, 3999), PATIENCE_ENDS_BODY);
    assert_int_equal(look(&p, 2, PATIENCE_FOR_BODY, 42000, 0, 0), PATIENCE_LASTS);
}

static void what_is_unread_is_not_the_clients_slowness(void **state)
{
    (void)state;
    struct patience p = begin();
    struct patience_view view = { .turn = 1, .what = PATIENCE_FOR_BODY, .now_ms = BEGIN };
    patience_look(&p, &limits, &view);
    view.has_unread = true;
    for (int i = 0; i < 1000; i++) {
        view.now_ms += 1000;
        assert_int_equal(patience_look(&p, &limits, &view), PATIENCE_LASTS);
    }
    view.has_unread = false;
    view.now_ms += 19000;
    assert_int_equal(patience_look(&p, &limits, &view), PATIENCE_LASTS);
    view.now_ms += 1000;
    assert_int_equal(patience_look(&p, &limits, &view), PATIENCE_ENDS_BODY);

    p = begin();
    view = (struct patience_view){
        .what = PATIENCE_FOR_HEAD, .now_ms = BEGIN + 90000, .received = 9, .has_unread = true
    };
    assert_int_equal(patience_look(&p, &limits, &view), PATIENCE_LASTS);
    view.has_unread = false;
    assert_int_equal(patience_look(&p, &limits, &view), PATIENCE_ENDS_HEAD);
}

static void who_is_served_has_all_the_time(void **state)
{
    (void)state;
    struct patience p = begin();
    for (int64_t ms = 0; ms < 10000000; ms += 100000)
        assert_int_equal(look(&p, 3, PATIENCE_FOR_NOTHING, ms, 5, 0), PATIENCE_LASTS);
    assert_int_equal(look(&p, 4, PATIENCE_FOR_HEAD, 10000000, 5, 0), PATIENCE_LASTS);
}

static void any_rate_will_do_where_none_is_set(void **state)
{
    (void)state;
    struct patience p = begin();
    struct limits none = limits;
    none.body_rate = 0;
    struct patience_view view = { .turn = 1, .what = PATIENCE_FOR_BODY, .now_ms = BEGIN };
    patience_look(&p, &none, &view);
    view.now_ms += 1000000;
    assert_int_equal(patience_look(&p, &none, &view), PATIENCE_LASTS);
}

static void looks_are_as_often_as_the_shortest_time_needs(void **state)
{
    (void)state;
    struct limits quick = limits;
    assert_int_equal(patience_every_ms(&limits), 1000);
    quick.head_ms = 400;
    assert_int_equal(patience_every_ms(&quick), 100);
    quick.idle_ms = 100;
    assert_int_equal(patience_every_ms(&quick), 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_head_counts_from_the_accept),
        cmocka_unit_test(later_heads_count_from_their_first_byte),
        cmocka_unit_test(idle_is_without_a_byte),
        cmocka_unit_test(a_body_must_come_at_its_rate_once_its_time_is_over),
        cmocka_unit_test(what_is_unread_is_not_the_clients_slowness),
        cmocka_unit_test(who_is_served_has_all_the_time),
        cmocka_unit_test(any_rate_will_do_where_none_is_set),
        cmocka_unit_test(looks_are_as_often_as_the_shortest_time_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
