/*
 * Failed logins: when one must wait, for how long, and who need not because others have failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/loginlimit.h"

#define LAST (LOGINLIMIT_FAILURES - 1)

static struct loginlimit *limit;
static int64_t now_ms;
static bool is_stubborn; /* the last that was refused */

static int open_limit(void **state)
{
    (void)state;
    now_ms = 1000;
    return loginlimit_open(&limit);
}

static int close_limit(void **state)
{
    (void)state;
    loginlimit_close(limit);
    return 0;
}

static struct address of(const char *text)
{
    struct address address = { { 0 } };
    assert_true(address_parse(text, strlen(text), &address));
    return address;
}

static int64_t failed(const char *from, const char *name)
{
    struct address address = of(from);
    return loginlimit_failed(limit, &address, name, now_ms);
}

static void succeeded(const char *from, const char *name)
{
    struct address address = of(from);
    loginlimit_succeeded(limit, &address, name, now_ms);
}

static int64_t waits(const char *from, const char *name)
{
    struct address address = of(from);
    return loginlimit_wait(limit, &address, name, now_ms, &is_stubborn);
}

static void fail_times(unsigned times, const char *from, const char *name)
{
    for (unsigned i = 0; i < times; i++)
        failed(from, name);
}

static void ten_failures_make_the_next_wait(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LAST; i++) {
        assert_int_equal(failed("192.0.2.1", "ann"), 0);
        assert_int_equal(waits("192.0.2.1", "ann"), 0);
    }
    assert_int_equal(failed("192.0.2.1", "ann"), LOGINLIMIT_FIRST_MS);
    assert_int_equal(waits("192.0.2.1", "ann"), LOGINLIMIT_FIRST_MS);
    now_ms += LOGINLIMIT_FIRST_MS - 1;
    assert_int_equal(waits("192.0.2.1", "ann"), 1);
    now_ms++;
    assert_int_equal(waits("192.0.2.1", "ann"), 0);
}

static void each_further_failure_doubles_the_wait_up_to_an_end(void **state)
{
    (void)state;
    int64_t wait_ms = LOGINLIMIT_FIRST_MS;
    fail_times(LAST, "192.0.2.1", "ann");
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(failed("192.0.2.1", "ann"), wait_ms);
        now_ms += wait_ms;
        assert_int_equal(waits("192.0.2.1", "ann"), 0);
        wait_ms = wait_ms * 2 < LOGINLIMIT_LONGEST_MS ? wait_ms * 2 : LOGINLIMIT_LONGEST_MS;
    }
}

static void the_address_waits_whatever_the_name_and_the_name_wherever_from(void **state)
{
    (void)state;
    char name[16];
    for (unsigned i = 0; i < LOGINLIMIT_FAILURES; i++) {
        snprintf(name, sizeof name, "user%u", i);
        failed("192.0.2.1", name);
    }
    assert_int_not_equal(waits("192.0.2.1", "ann"), 0);
    assert_int_equal(waits("192.0.2.2", "user0"), 0);

    for (unsigned i = 0; i < LOGINLIMIT_FAILURES; i++) {
        snprintf(name, sizeof name, "198.51.100.%u", i);
        failed(name, "bob");
    }
    assert_int_not_equal(waits("203.0.113.1", "bob"), 0);
    assert_int_equal(waits("203.0.113.1", "ann"), 0);
}

static void where_one_has_logged_in_others_failures_do_not_count(void **state)
{
    (void)state;
    succeeded("192.0.2.1", "ann");
    fail_times(LOGINLIMIT_FAILURES, "203.0.113.1", "ann"); /* her name is attacked */
    fail_times(LOGINLIMIT_FAILURES, "192.0.2.1", "bob");   /* and her address attacks */
    assert_int_equal(waits("192.0.2.1", "ann"), 0);
    assert_int_not_equal(waits("192.0.2.2", "ann"), 0);
    assert_int_not_equal(waits("192.0.2.1", "carl"), 0);

    fail_times(LAST, "192.0.2.1", "ann"); /* she is limited too, on her own */
    assert_int_equal(waits("192.0.2.1", "ann"), 0);
    assert_int_equal(failed("192.0.2.1", "ann"), LOGINLIMIT_FIRST_MS);
    assert_int_not_equal(waits("192.0.2.1", "ann"), 0);
    now_ms += LOGINLIMIT_FIRST_MS;
    succeeded("192.0.2.1", "ann");
    assert_int_equal(failed("192.0.2.1", "ann"), 0);
}

static void a_success_forgets_the_failures_of_the_name_but_not_of_the_address(void **state)
{
    (void)state;
    fail_times(LAST, "192.0.2.1", "ann");
    succeeded("192.0.2.2", "ann");
    assert_int_equal(failed("203.0.113.1", "ann"), 0);
    succeeded("192.0.2.1", "mallory");
    assert_int_not_equal(failed("192.0.2.1", "bob"), 0);
}

static void a_known_place_does_not_make_guesses_cheaper_elsewhere(void **state)
{
    (void)state;
    succeeded("192.0.2.1", "ann");
    fail_times(LAST, "203.0.113.1", "ann");
    succeeded("192.0.2.1", "ann"); /* her client logs in again and again */
    assert_int_not_equal(failed("203.0.113.2", "ann"), 0);
}

static void failures_are_forgotten_after_the_window(void **state)
{
    (void)state;
    fail_times(LAST, "192.0.2.1", "ann");
    now_ms += LOGINLIMIT_WINDOW_MS;
    assert_int_equal(failed("192.0.2.1", "ann"), 0);
    fail_times(LAST, "192.0.2.1", "ann");
    assert_int_not_equal(waits("192.0.2.1", "ann"), 0);
    now_ms += LOGINLIMIT_FIRST_MS + LOGINLIMIT_WINDOW_MS - 1;
    assert_int_equal(failed("192.0.2.1", "ann"), 2 * LOGINLIMIT_FIRST_MS);
}

static void addresses_of_one_ipv6_network_count_as_one(void **state)
{
    (void)state;
    char from[40], name[16];
    for (unsigned i = 0; i < LOGINLIMIT_FAILURES; i++) {
        snprintf(from, sizeof from, "2001:db8:0:1::%x", i);
        snprintf(name, sizeof name, "user%u", i);
        failed(from, name);
    }
    assert_int_not_equal(waits("2001:db8:0:1:ffff::1", "ann"), 0);
    assert_int_equal(waits("2001:db8:0:2::1", "ann"), 0);
}

static void who_guesses_on_where_a_name_is_known_is_told_once(void **state)
{
    (void)state;
    succeeded("192.0.2.1", "ann");
    for (unsigned round = 0; round < 2; round++) {
        fail_times(LOGINLIMIT_FAILURES, "192.0.2.1", "ann");
        for (unsigned i = 1; i <= 2 * LOGINLIMIT_STUBBORN; i++) {
            assert_int_not_equal(waits("192.0.2.1", "ann"), 0);
            assert_true(is_stubborn == (i == LOGINLIMIT_STUBBORN));
        }
        now_ms += LOGINLIMIT_LONGEST_MS;
    }
    fail_times(LOGINLIMIT_FAILURES, "203.0.113.1", "bob");
    for (unsigned i = 1; i <= 2 * LOGINLIMIT_STUBBORN; i++) {
        assert_int_not_equal(waits("203.0.113.1", "bob"), 0);
        assert_false(is_stubborn);
    }
}

/* Ten times as many as there is room for, each once: what has failed often stays. */
static void rubbish_does_not_push_out_what_failed_often(void **state)
{
    (void)state;
    char from[40], name[16];
    fail_times(LAST, "192.0.2.1", "ann");
    succeeded("198.51.100.1", "bob");
    for (unsigned i = 0; i < 10 * LOGINLIMIT_SLOTS; i++) {
        snprintf(from, sizeof from, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
        snprintf(name, sizeof name, "n%u", i);
        failed(from, name);
    }
    assert_int_not_equal(failed("203.0.113.1", "ann"), 0);
    assert_int_not_equal(failed("192.0.2.1", "carl"), 0);
    fail_times(LOGINLIMIT_FAILURES, "203.0.113.9", "bob");
    assert_int_equal(waits("198.51.100.1", "bob"), 0);
}

/* However often it failed there. */
static void the_place_of_the_oldest_login_makes_room(void **state)
{
    (void)state;
    char name[16];
    succeeded("198.51.100.1", "bob");
    fail_times(LAST, "198.51.100.1", "bob");
    for (unsigned i = 0; i < 5 * LOGINLIMIT_SLOTS; i++) {
        now_ms++;
        snprintf(name, sizeof name, "n%u", i);
        succeeded("192.0.2.1", name);
    }
    assert_int_equal(failed("198.51.100.1", "bob"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ten_failures_make_the_next_wait, open_limit, close_limit),
        cmocka_unit_test_setup_teardown(each_further_failure_doubles_the_wait_up_to_an_end, open_limit,
                                        close_limit),
        cmocka_unit_test_setup_teardown(the_address_waits_whatever_the_name_and_the_name_wherever_from,
                                        open_limit, close_limit),
        cmocka_unit_test_setup_teardown(where_one_has_logged_in_others_failures_do_not_count, open_limit,
                                        close_limit),
        cmocka_unit_test_setup_teardown(a_success_forgets_the_failures_of_the_name_but_not_of_the_address,
                                        open_limit, close_limit),
        cmocka_unit_test_setup_teardown(a_known_place_does_not_make_guesses_cheaper_elsewhere, open_limit,
                                        close_limit),
        cmocka_unit_test_setup_teardown(failures_are_forgotten_after_the_window, open_limit, close_limit),
        cmocka_unit_test_setup_teardown(addresses_of_one_ipv6_network_count_as_one, open_limit, close_limit),
        cmocka_unit_test_setup_teardown(who_guesses_on_where_a_name_is_known_is_told_once, open_limit,
                                        close_limit),
        cmocka_unit_test_setup_teardown(rubbish_does_not_push_out_what_failed_often, open_limit, close_limit),
        cmocka_unit_test_setup_teardown(the_place_of_the_oldest_login_makes_room, open_limit, close_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
