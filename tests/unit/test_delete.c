/*
 * DELETE: all of it or nothing, at once.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

#define LOCKINFO                                                                                             \
    "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"                                   \
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"

static int set_up(void **state)
{
    *state = exchange_open(NULL);
    exchange_write(*state, "file", "x");
    exchange_mkdir(*state, "dir");
    exchange_mkdir(*state, "dir/sub");
    exchange_write(*state, "dir/sub/a", "a");
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(exchange_strays(*state), 0);
    exchange_close(*state);
    return 0;
}

static void answers_are_as_the_law_says(void **state)
{
    static const struct {
        const char *target, *headers, *body;
        int status;
    } rows[] = {
        { "/", NULL, NULL, 403 },
        { "/none", NULL, NULL, 404 },
        { "/none/a", NULL, NULL, 404 },
        { "/file/", NULL, NULL, 404 },
        { "/dir", "Depth: 0", NULL, 400 },
        { "/dir", "Depth: 1", NULL, 400 },
        { "/dir", "Depth: 2", NULL, 400 },
        { "/file", NULL, "body", 415 },
        { "/file", "If-Match: \"no\"", NULL, 412 },
        { "/.holdfast-x", NULL, NULL, 403 },
        { "/file", "Depth: 0", NULL, 204 },
        { "/file", NULL, NULL, 404 },
        { "/dir", NULL, NULL, 204 },
        { "/dir", NULL, NULL, 404 },
    };
    struct exchange *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = exchange(x, "DELETE", rows[i].target, rows[i].headers, rows[i].body);
        if (a->status != rows[i].status)
            fail_msg("row %zu, %s: %d", i, rows[i].target, a->status);
    }
    assert_false(exchange_exists(x, "file"));
    assert_false(exchange_exists(x, "dir"));
}

static void collection_goes_with_and_without_slash(void **state)
{
    assert_int_equal(exchange(*state, "DELETE", "/dir/sub/", NULL, NULL)->status, 204);
    assert_int_equal(exchange(*state, "DELETE", "/dir", "Depth: Infinity", NULL)->status, 204);
}

static void link_goes_and_not_what_it_leads_to(void **state)
{
    struct exchange *x = *state;

    exchange_symlink(x, "dir", "link");
    exchange_symlink(x, "..", "dir/up");
    assert_int_equal(exchange(x, "DELETE", "/link", NULL, NULL)->status, 204);
    assert_string_equal(exchange_read(x, "dir/sub/a"), "a");
    assert_int_equal(exchange(x, "DELETE", "/dir", NULL, NULL)->status, 204);
    assert_true(exchange_exists(x, "file"));
}

static const char *lock(struct exchange *x, const char *target)
{
    const struct answer *a = exchange(x, "LOCK", target, NULL, LOCKINFO);

    assert_true(a->status == 200 || a->status == 201);
    return answer_header(a, "Lock-Token");
}

static void locked_member_keeps_the_whole(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, "/dir/sub/a");
    const struct answer *a = exchange(x, "DELETE", "/dir", NULL, NULL);

    assert_int_equal(a->status, 423);
    assert_non_null(strstr(a->body, "lock-token-submitted"));
    assert_non_null(strstr(a->body, "/dir/sub/a"));
    assert_string_equal(exchange_read(x, "dir/sub/a"), "a");
    a = exchange(x, "DELETE", "/dir", apr_psprintf(x->pool, "If: </dir/sub/a> (%s)", token), NULL);
    assert_int_equal(a->status, 204);
}

static void lock_ends_with_its_resource(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, "/file");

    assert_int_equal(exchange(x, "DELETE", "/file", NULL, NULL)->status, 423);
    /* untagged: it speaks of the request's own URL */
    assert_int_equal(exchange(x, "DELETE", "/file", apr_psprintf(x->pool, "If: (%s)", token), NULL)->status,
                     204);
    assert_int_equal(exchange(x, "PUT", "/file", NULL, "again")->status, 201);
}

static void lock_is_not_walked_round_through_a_link(void **state)
{
    struct exchange *x = *state;

    exchange_symlink(x, "dir", "link");
    lock(x, "/dir/sub/a");
    assert_int_equal(exchange(x, "DELETE", "/link/sub/a", NULL, NULL)->status, 423);
    assert_int_equal(exchange(x, "PUT", "/link/sub/a", NULL, "evil")->status, 423);
    assert_int_equal(exchange(x, "DELETE", "/link/sub", NULL, NULL)->status, 423);
    assert_string_equal(exchange_read(x, "dir/sub/a"), "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_as_the_law_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(collection_goes_with_and_without_slash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(link_goes_and_not_what_it_leads_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_member_keeps_the_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lock_ends_with_its_resource, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lock_is_not_walked_round_through_a_link, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
