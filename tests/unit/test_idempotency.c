/*
 * Which keys are keys, and which two are one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>

#include "src/idempotency.h"
#include "tests/support/pool.h"

static int read_key(const char *first, const char *second, const char **out)
{
    apr_table_t *headers = apr_table_make(pool, 2);

    if (first)
        apr_table_addn(headers, "Idempotency-Key", first);
    if (second)
        apr_table_addn(headers, "idempotency-key", second);
    return idempotency_key(headers, out);
}

static void keys_are_read_bare_and_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *second, *key; /* NULL: EINVAL */
    } rows[] = {
        { "bare", "8e03978e-40d5-43dd-bc93-6894a57f9324", NULL, "8e03978e-40d5-43dd-bc93-6894a57f9324" },
        { "quoted", "\"8e03978e-40d5\"", NULL, "8e03978e-40d5" },
        { "case counts", "aB", NULL, "aB" },
        { "any visible character", "!#$%&'()*+-./:;<=>?@[\\]^_`{|}~", NULL,
          "!#$%&'()*+-./:;<=>?@[\\]^_`{|}~" },
        { "a comma in quotes", "\"a,b\"", NULL, "a,b" },
        { "escapes", "\"a\\\"b\\\\c\"", NULL, "a\"b\\c" },
        { "parameters", "\"a\"; p=\"x,y\"", NULL, "a" },
        { "blanks around", " a\t", NULL, "a" },
        { "twice the same", "a", "a", "a" },
        { "twice the same, in both forms", "a", "\"a\"", "a" },
        { "twice the same, merged", "\"a,b\", \"a,b\"", NULL, "a,b" },
        { "twice", "a", "b", NULL },
        { "twice, one longer", "a", "ab", NULL },
        { "twice, another case", "a", "A", NULL },
        { "twice, merged", "a, b", NULL, NULL },
        { "twice, then empty", "a", "", NULL },
        { "empty", "", NULL, NULL },
        { "blank", "  ", NULL, NULL },
        { "quoted and empty", "\"\"", NULL, NULL },
        { "a blank inside", "a b", NULL, NULL },
        { "a blank in quotes", "\"a b\"", NULL, NULL },
        { "beyond ASCII", "\xC3\xBC", NULL, NULL },
        { "beyond ASCII in quotes", "\"\xC3\xBC\"", NULL, NULL },
        { "a control character", "a\x01", NULL, NULL },
        { "DEL", "a\x7F", NULL, NULL },
        { "unclosed", "\"a", NULL, NULL },
        { "a mark inside", "a\"b", NULL, NULL },
        { "something behind the quotes", "\"a\"b", NULL, NULL },
        { "an empty element", "a,", NULL, NULL },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *key = "untouched";
        int err = read_key(rows[i].first, rows[i].second, &key);
        if (err != (rows[i].key ? 0 : EINVAL))
            fail_msg("%s: error %d", rows[i].name, err);
        if (strcmp(key, rows[i].key ? rows[i].key : "untouched") != 0)
            fail_msg("%s: %s", rows[i].name, key);
    }
}

static void without_the_header_there_is_no_key(void **state)
{
    (void)state;
    const char *key = "x";
    assert_int_equal(read_key(NULL, NULL, &key), 0);
    assert_null(key);
}

static void a_key_has_its_longest_length(void **state)
{
    (void)state;
    char text[10 * 1024 + 1] = { 0 };
    const char *key;

    memset(text, 'k', IDEMPOTENCY_KEY_MAX);
    assert_int_equal(read_key(text, NULL, &key), 0);
    assert_string_equal(key, text);
    assert_int_equal(read_key(apr_pstrcat(pool, "\"", text, "\"", NULL), text, &key), 0);
    assert_string_equal(key, text);

    text[IDEMPOTENCY_KEY_MAX] = 'k';
    assert_int_equal(read_key(text, NULL, &key), EINVAL);
    assert_int_equal(read_key(apr_pstrcat(pool, "\"", text, "\"", NULL), NULL, &key), EINVAL);
    memset(text, 'k', sizeof text - 1);
    assert_int_equal(read_key(text, NULL, &key), EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_bare_and_quoted),
        cmocka_unit_test(without_the_header_there_is_no_key),
        cmocka_unit_test(a_key_has_its_longest_length),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
