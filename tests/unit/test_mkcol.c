/*
 * MKCOL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

static int set_up(void **state)
{
    *state = exchange_open(NULL);
    exchange_write(*state, "file", "x");
    exchange_mkdir(*state, "dir");
    exchange_symlink(*state, "nowhere", "dangling");
    exchange_symlink(*state, "dir", "dirlink");
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static void answers_are_as_the_law_says(void **state)
{
    static const struct {
        const char *target, *headers, *body;
        int status;
    } rows[] = {
        { "/new", NULL, NULL, 201 },
        { "/new/sub/", NULL, NULL, 201 },
        { "/new", NULL, NULL, 405 },
        { "/new/", NULL, NULL, 405 },
        { "/file", NULL, NULL, 405 },
        { "/file/", NULL, NULL, 405 },
        { "/", NULL, NULL, 405 },
        { "/none/a", NULL, NULL, 409 },
        { "/file/a", NULL, NULL, 409 },
        { "/dangling", NULL, NULL, 403 },
        { "/dirlink/in", NULL, NULL, 201 },
        { "/dirlink", NULL, NULL, 405 },
        { "/body", NULL, "<mkcol/>", 415 },
        { "/body", "Transfer-Encoding: chunked", "<mkcol/>", 415 },
        { "/empty-chunked", "Transfer-Encoding: chunked", "", 201 },
        { "/c", "If-None-Match: *", NULL, 201 },
        { "/d", "If-Match: *", NULL, 412 },
        { "/.holdfast", NULL, NULL, 403 },
        { "/.holdfast-1", NULL, NULL, 403 },
        { "/dir/.holdfast", NULL, NULL, 201 }, /* reserved at the root alone */
    };
    struct exchange *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = exchange(x, "MKCOL", rows[i].target, rows[i].headers, rows[i].body);
        if (a->status != rows[i].status)
            fail_msg("row %zu, %s: %d", i, rows[i].target, a->status);
        assert_true((a->status == 405) == (answer_header(a, "Allow")[0] != '\0'));
    }
    assert_true(exchange_exists(x, "new/sub"));
    assert_true(exchange_exists(x, "dir/in"));
    assert_false(exchange_exists(x, "body"));
}

static void location_has_a_slash(void **state)
{
    assert_string_equal(answer_header(exchange(*state, "MKCOL", "/a%20b", NULL, NULL), "Location"),
                        "/a%20b/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_as_the_law_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(location_has_a_slash, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
