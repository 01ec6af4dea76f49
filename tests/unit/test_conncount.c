/*
 * Places for connections, in all and by address; and what the numbers of the limits become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/conncount.h"
#include "src/limitlog.h"
#include "src/limits.h"

static struct address address(const char *text)
{
    struct address address;
    assert_true(address_parse(text, strlen(text), &address));
    return address;
}

static const char *take(struct conncount *count, const char *text, unsigned all, unsigned per_address)
{
    struct address from = address(text);
    return conncount_take(count, &from, all, per_address);
}

static void give_back(struct conncount *count, const char *text)
{
    struct address from = address(text);
    conncount_give_back(count, &from);
}

static struct conncount *open_count(void)
{
    struct conncount *count;
    assert_int_equal(conncount_open(&count), 0);
    return count;
}

static void an_address_has_its_places_and_no_more(void **state)
{
    (void)state;
    struct conncount *count = open_count();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            assert_null(take(count, "192.0.2.1", 100, 3));
        assert_string_equal(take(count, "192.0.2.1", 100, 3), "max-connections-per-address");
        assert_null(take(count, "192.0.2.2", 100, 3));
        assert_null(take(count, "2001:db8::1", 100, 3));
        give_back(count, "192.0.2.1");
        assert_null(take(count, "192.0.2.1", 100, 3));
        assert_int_equal(conncount_now(count), 5);
        for (int i = 0; i < 3; i++)
            give_back(count, "192.0.2.1");
        give_back(count, "192.0.2.2");
        give_back(count, "2001:db8::1");
        assert_int_equal(conncount_now(count), 0);
    }
    conncount_close(count);
}

static void all_together_have_no_more_than_there_are(void **state)
{
    (void)state;
    struct conncount *count = open_count();
    char text[INET6_ADDRSTRLEN];
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "192.0.2.%d", i);
        assert_null(take(count, text, 200, 3));
    }
    assert_string_equal(take(count, "192.0.2.5", 200, 3), "max-connections");
    assert_string_equal(take(count, "192.0.2.201", 200, 3), "max-connections");
    give_back(count, "192.0.2.7");
    assert_null(take(count, "192.0.2.201", 200, 3));
    conncount_close(count);
}

static void a_network_of_64_bits_is_one_address(void **state)
{
    (void)state;
    struct conncount *count = open_count();
    assert_null(take(count, "2001:db8:0:1::1", 10, 2));
    assert_null(take(count, "2001:db8:0:1:ffff::2", 10, 2));
    assert_non_null(take(count, "2001:db8:0:1:2:3:4:5", 10, 2));
    assert_null(take(count, "2001:db8:0:2::1", 10, 2));
    conncount_close(count);
}

static void limits_that_follow_from_others(void **state)
{
    (void)state;
    struct limits limits = { .connections = 0 };
    assert_int_equal(limits_connections(&limits, 1024), 512);
    assert_int_equal(limits_per_address(&limits, 512), 128);
    assert_int_equal(limits_per_address(&limits, 10000), 256);
    assert_int_equal(limits_per_address(&limits, 1), 1);
    limits.connections = 7;
    limits.connections_per_address = 1000;
    assert_int_equal(limits_connections(&limits, 1024), 7);
    assert_int_equal(limits_per_address(&limits, 7), 1000);
    assert_string_equal(limits_of_daemon("Error processing request (HTTP response code is 414 ('x'))"),
                        "max-url");
    assert_string_equal(limits_of_daemon("Error processing request (HTTP response code is 431 ('x'))"),
                        "max-header");
    assert_null(limits_of_daemon("Error processing request (HTTP response code is 400 ('x'))"));
}

static uint64_t count_of(const char *limit)
{
    const char *name;
    uint64_t count = 0;
    for (unsigned i = 0; (name = limitlog_count(i, &count)); i++)
        if (strcmp(name, limit) == 0)
            return count;
    fail_msg("no limit %s", limit);
    return 0;
}

static void each_limit_is_counted_by_itself(void **state)
{
    (void)state;
    uint64_t before = count_of("max-url"), other = count_of("max-xml");
    for (int i = 0; i < 5; i++)
        limitlog_met("max-url", "192.0.2.1");
    assert_int_equal(count_of("max-url"), before + 5);
    assert_int_equal(count_of("max-xml"), other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_places_and_no_more),
        cmocka_unit_test(all_together_have_no_more_than_there_are),
        cmocka_unit_test(a_network_of_64_bits_is_one_address),
        cmocka_unit_test(limits_that_follow_from_others),
        cmocka_unit_test(each_limit_is_counted_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
