/*
 * The heartbeat's decisions with a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/heartbeat.h"

static void the_policy_follows_mode_and_version(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum heartbeat_mode mode;
        bool http_1_1;
        enum beat beat;
    } rows[] = {
        { "auto, HTTP/1.1", HEARTBEAT_AUTO, true, BEAT_INTERIM },
        { "auto, HTTP/1.0", HEARTBEAT_AUTO, false, BEAT_NONE },
        { "interim, HTTP/1.1", HEARTBEAT_INTERIM, true, BEAT_INTERIM },
        { "interim, HTTP/1.0", HEARTBEAT_INTERIM, false, BEAT_NONE },
        { "off, HTTP/1.1", HEARTBEAT_OFF, true, BEAT_NONE },
        { "off, HTTP/1.0", HEARTBEAT_OFF, false, BEAT_NONE },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct heartbeat_client client = { .http_1_1 = rows[i].http_1_1 };
        if (heartbeat_policy(rows[i].mode, &client) != rows[i].beat)
            fail_msg("%s", rows[i].name);
    }
}

static void beats_are_due_one_interval_after_the_last(void **state)
{
    (void)state;
    struct heartbeat h = { .kind = BEAT_INTERIM, .interval_ms = 100, .last_ms = 1000 };
    assert_int_equal(heartbeat_due_ms(&h), 1100);
    assert_false(heartbeat_is_due(&h, 1099));
    assert_true(heartbeat_is_due(&h, 1100));
    assert_true(heartbeat_is_due(&h, 5000));
    heartbeat_was_sent(&h, 1250); /* late: the next is not early to make up for it */
    assert_false(heartbeat_is_due(&h, 1349));
    assert_true(heartbeat_is_due(&h, 1350));
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
        cmocka_unit_test(the_policy_follows_mode_and_version),
        cmocka_unit_test(beats_are_due_one_interval_after_the_last),
        cmocka_unit_test(silence_is_never_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
