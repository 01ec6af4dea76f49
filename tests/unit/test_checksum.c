/*
 * Checksums: the published test vectors, in one piece and in many, and sets of values.
 */
#include <apr_escape.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pool.h"
#include "webdav/checksum.h"

#define ALL ((1u << CHECKSUM_COUNT) - 1)

static const char *hex(const struct checksum_values *values, enum checksum_kind kind)
{
    return apr_pescape_hex(pool, values->value[kind], checksum_size(kind), 0);
}

static void known_values_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        const char *value[CHECKSUM_COUNT];
    } rows[] = {
        { "",
          { "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e", "00000001" } },
        { "abc",
          { "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "a9993e364706816aba3e25717850c26c9cd0d89d", "900150983cd24fb0d6963f7d28e17f72", "024d0127" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct checksum *checksum = checksum_open(pool, ALL);
        struct checksum_values found;
        checksum_add(checksum, rows[i].data, strlen(rows[i].data));
        checksum_end(checksum, &found);
        assert_int_equal(found.has, ALL);
        for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
            assert_string_equal(hex(&found, (enum checksum_kind)kind), rows[i].value[kind]);
    }
}

static void pieces_make_the_same_as_the_whole(void **state)
{
    (void)state;
    struct checksum *whole = checksum_open(pool, ALL), *pieces = checksum_open(pool, ALL);
    struct checksum_values a, b;
    size_t size = 300000, at = 0;
    char *data = malloc(size);

    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 251);
    checksum_add(whole, data, size);
    for (size_t len = 1; at < size; at += len, len = len * 3 % 9973 + 1) {
        len = len < size - at ? len : size - at;
        checksum_add(pieces, data + at, len);
    }
    checksum_end(whole, &a);
    checksum_end(pieces, &b);
    assert_int_equal(checksum_difference(&a, &b), CHECKSUM_COUNT);
    free(data);
}

static void only_what_is_asked_for_is_there(void **state)
{
    (void)state;
    struct checksum *checksum = checksum_open(pool, 1u << CHECKSUM_SHA256);
    struct checksum_values found;

    assert_non_null(checksum_open(pool, 1u << CHECKSUM_MD5)); /* never ended: goes with the pool */
    checksum_add(checksum, "abc", 3);
    checksum_end(checksum, &found);
    assert_int_equal(found.has, 1u << CHECKSUM_SHA256);
}

static void sets_differ_where_both_have_a_value(void **state)
{
    struct checksum_values a = { .has = 0 }, b = { .has = 0 };
    (void)state;

    assert_true(checksum_merge(&a, &b));
    b.has = 1u << CHECKSUM_MD5 | 1u << CHECKSUM_ADLER32;
    memset(b.value, 1, sizeof b.value);
    assert_true(checksum_merge(&a, &b));
    assert_int_equal(a.has, b.has);
    assert_int_equal(checksum_difference(&a, &b), CHECKSUM_COUNT);
    b.value[CHECKSUM_SHA1][0] = 2; /* which it does not have */
    assert_int_equal(checksum_difference(&a, &b), CHECKSUM_COUNT);
    b.value[CHECKSUM_ADLER32][3] = 2;
    assert_int_equal(checksum_difference(&a, &b), CHECKSUM_ADLER32);
    assert_false(checksum_merge(&a, &b));
    assert_int_equal(a.value[CHECKSUM_ADLER32][3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_come_out),
        cmocka_unit_test(pieces_make_the_same_as_the_whole),
        cmocka_unit_test(only_what_is_asked_for_is_there),
        cmocka_unit_test(sets_differ_where_both_have_a_value),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
