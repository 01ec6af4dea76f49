/*
 * The heartbeat's decisions with a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/heartbeat.h"

static void beats_are_due_one_interval_after_the_last(void **state)
{
    (void)state;
    struct heartbeat h = { .kind = BEAT_INTERIM, .interval_ms = 100, .last_ms = 1000 };
    assert_int_equal(heartbeat_due_ms(&h), 1100);
    assert_false(heartbeat_is_due(&h, 1099));
    assert_true(heartbeat_is_due(&h, 1100));
    assert_true(heartbeat_is_due(&h, 5000));
}

static void lateness_does_not_add_up(void **state)
{
    (void)state;
    struct heartbeat h = { .kind = BEAT_MULTISTATUS, .interval_ms = 100, .last_ms = 1000 };
    for (int64_t due_ms = 1100; due_ms < 1100 + 1000 * 100; due_ms += 100) {
        assert_int_equal(heartbeat_due_ms(&h), due_ms);
        heartbeat_was_sent(&h, due_ms + due_ms / 100 % 51);
    }
    assert_int_equal(h.sent, 1000);
}

static void a_beat_that_is_very_late_is_not_followed_by_another_at_once(void **state)
{
    (void)state;
    static const struct {
        int64_t sent_ms, due_ms;
    } rows[] = {
        { 1100, 1200 }, { 1150, 1200 },  { 1151, 1251 }, { 1199, 1299 },
        { 1250, 1350 }, { 9999, 10099 }, { 1050, 1150 }, /* before its time */
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heartbeat h = { .kind = BEAT_INTERIM, .interval_ms = 100, .last_ms = 1000 };
        heartbeat_was_sent(&h, rows[i].sent_ms);
        assert_int_equal(heartbeat_due_ms(&h), rows[i].due_ms);
    }
}

static void no_beat_is_due_beyond_the_cap(void **state)
{
    (void)state;
    struct heartbeat h = { .kind = BEAT_INTERIM, .cap = 2, .interval_ms = 100, .last_ms = 0 };
    heartbeat_was_sent(&h, 100);
    assert_true(heartbeat_is_due(&h, 200));
    heartbeat_was_sent(&h, 200);
    assert_int_equal(h.sent, 2);
    assert_true(heartbeat_due_ms(&h) == INT64_MAX);
    assert_false(heartbeat_is_due(&h, INT64_MAX - 1));
}

static void silence_is_never_due(void **state)
{
    (void)state;
    struct heartbeat h = { .kind = BEAT_NONE, .interval_ms = 100, .last_ms = 0 };
    assert_true(heartbeat_due_ms(&h) == INT64_MAX);
    assert_false(heartbeat_is_due(&h, INT64_MAX - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beats_are_due_one_interval_after_the_last),
        cmocka_unit_test(lateness_does_not_add_up),
        cmocka_unit_test(a_beat_that_is_very_late_is_not_followed_by_another_at_once),
        cmocka_unit_test(no_beat_is_due_beyond_the_cap),
        cmocka_unit_test(silence_is_never_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
