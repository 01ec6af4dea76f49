/*
 * Bodies are the same if their bytes are, however they come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/digest.h"

/* In chunks of this size; 0: at once. */
static struct body_digest digest_of(const void *data, size_t size, size_t chunk)
{
    struct digest *digest = digest_open();
    const char *at = data;

    while (size) {
        size_t len = chunk && chunk < size ? chunk : size;
        digest_add(digest, at, len);
        at += len;
        size -= len;
    }
    return digest_close(digest);
}

static bool are_same(struct body_digest a, struct body_digest b)
{
    return a.low == b.low && a.high == b.high && a.size == b.size;
}

static void no_body_is_all_zero(void **state)
{
    (void)state;
    assert_true(are_same(digest_close(NULL), (struct body_digest){ 0 }));
}

static void a_body_is_the_same_in_whatever_chunks_it_comes(void **state)
{
    static char body[100000];
    static const size_t chunks[] = { 1, 7, 64, 240, 1000, 4096, 99999 };
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i * i >> 3);
    const struct body_digest whole = digest_of(body, sizeof body, 0);
    assert_int_equal(whole.size, sizeof body);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
        if (!are_same(digest_of(body, sizeof body, chunks[i]), whole))
            fail_msg("chunks of %zu", chunks[i]);
}

static void every_byte_and_the_length_count(void **state)
{
    char body[600] = { 0 };
    const struct body_digest whole = digest_of(body, sizeof body, 0);
    (void)state;

    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = 1;
        const struct body_digest changed = digest_of(body, sizeof body, 0);
        if (changed.low == whole.low || changed.high == whole.high)
            fail_msg("byte %zu", i);
        body[i] = 0;
        const struct body_digest shorter = digest_of(body, i, 0);
        if (shorter.low == whole.low || shorter.high == whole.high || shorter.size != i)
            fail_msg("%zu bytes", i);
    }
}

static void the_order_counts(void **state)
{
    (void)state;
    struct body_digest ab = digest_of("ab", 2, 1), ba = digest_of("ba", 2, 1);
    assert_false(ab.low == ba.low);
    assert_false(ab.high == ba.high);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_body_is_all_zero),
        cmocka_unit_test(a_body_is_the_same_in_whatever_chunks_it_comes),
        cmocka_unit_test(every_byte_and_the_length_count),
        cmocka_unit_test(the_order_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
