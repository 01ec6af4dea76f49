/*
 * What a hash of names keeps; and that names which collide in a plain one do not in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pool.h"
#include "webdav/keyedhash.h"

#define COUNT 10000

/* "Ez" and "FY" are one to a hash that multiplies by 33. */
static const char *colliding(unsigned number)
{
    char *name = apr_pcalloc(pool, 29);

    for (unsigned bit = 0; bit < 14; bit++)
        memcpy(name + (size_t)2 * bit, number >> bit & 1 ? "Ez" : "FY", 2);
    return name;
}

static void finds_by_text_and_by_length(void **state)
{
    (void)state;
    apr_hash_t *names = keyedhash_make(pool);

    apr_hash_set(names, "one", APR_HASH_KEY_STRING, "1");
    apr_hash_set(names, "two\0x", 5, "2");
    assert_string_equal(apr_hash_get(names, "one", 3), "1");
    assert_string_equal(apr_hash_get(names, "two\0x", 5), "2");
    assert_null(apr_hash_get(names, "two", APR_HASH_KEY_STRING));
    assert_null(apr_hash_get(names, "", APR_HASH_KEY_STRING));
}

/* How many of the names have a hash that none before had. */
static unsigned distinct(apr_hashfunc_t hash)
{
    apr_hash_t *seen = apr_hash_make(pool);

    for (unsigned i = 0; i < COUNT; i++) {
        apr_ssize_t length = APR_HASH_KEY_STRING;
        unsigned int *value = apr_palloc(pool, sizeof *value);
        *value = hash(colliding(i), &length);
        assert_int_equal(length, 28);
        apr_hash_set(seen, value, sizeof *value, value);
    }
    return apr_hash_count(seen);
}

static void names_that_collide_elsewhere_do_not_here(void **state)
{
    (void)state;
    assert_int_equal(distinct(apr_hashfunc_default), 1);
    assert_in_range(distinct(keyedhash), COUNT - 10, COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_text_and_by_length),
        cmocka_unit_test(names_that_collide_elsewhere_do_not_here),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
