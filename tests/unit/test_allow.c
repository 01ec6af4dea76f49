/*
 * OPTIONS, and Allow as OPTIONS and 405 tell it.
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
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

#define OF_ALL        "OPTIONS, GET, HEAD, PROPFIND, PUT, DELETE, MKCOL, COPY, MOVE, PROPPATCH, LOCK, UNLOCK"
#define OF_FILE       "OPTIONS, GET, HEAD, PROPFIND, PUT, DELETE, COPY, MOVE, PROPPATCH, LOCK, UNLOCK"
#define OF_COLLECTION "OPTIONS, GET, HEAD, PROPFIND, DELETE, COPY, MOVE, PROPPATCH, LOCK, UNLOCK"
#define OF_ROOT       "OPTIONS, GET, HEAD, PROPFIND, COPY, PROPPATCH, LOCK, UNLOCK"
#define OF_NOTHING    "OPTIONS, PUT, MKCOL, LOCK, UNLOCK"

static void allow_is_true_per_resource(void **state)
{
    static const struct {
        const char *target, *allow;
    } rows[] = {
        { "*", OF_ALL },
        { "/", OF_ROOT },
        { "/file", OF_FILE },
        { "/dir", OF_COLLECTION },
        { "/dir/", OF_COLLECTION },
        { "/none", OF_NOTHING },
        { "/none/none", OF_NOTHING },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = exchange(*state, "OPTIONS", rows[i].target, NULL, NULL);
        assert_int_equal(a->status, 200);
        assert_int_equal(a->size, 0);
        assert_true(a->quick);
        assert_string_equal(answer_header(a, "Allow"), rows[i].allow);
        assert_string_equal(answer_header(a, "DAV"), "1, 2, 3");
        assert_string_equal(answer_header(a, "MS-Author-Via"), "DAV");
    }
}

static void refused_method_tells_what_is_allowed(void **state)
{
    static const struct {
        const char *method, *target, *allow;
    } rows[] = {
        { "PUT", "/dir", OF_COLLECTION },
        { "MKCOL", "/dir", OF_COLLECTION },
        { "MKCOL", "/file", OF_FILE },
        { "PUT", "/", OF_ROOT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = exchange(*state, rows[i].method, rows[i].target, NULL, NULL);
        assert_int_equal(a->status, 405);
        assert_string_equal(answer_header(a, "Allow"), rows[i].allow);
    }
}

static void body_of_options_is_ignored(void **state)
{
    assert_int_equal(exchange(*state, "OPTIONS", "/", NULL, "<x/>")->status, 200);
}

static void read_only_server_says_so(void **state)
{
    const struct dav_config config = { .read_only = true };
    struct exchange *x = exchange_open(&config);
    static const char *const methods[] = { "PUT",  "DELETE",    "MKCOL", "COPY",
                                           "MOVE", "PROPPATCH", "LOCK",  "UNLOCK" };
    (void)state;

    exchange_write(x, "file", "x");
    const struct answer *a = exchange(x, "OPTIONS", "/file", NULL, NULL);
    assert_string_equal(answer_header(a, "Allow"), "OPTIONS, GET, HEAD, PROPFIND");
    assert_string_equal(answer_header(a, "DAV"), "1, 3");
    assert_int_equal(exchange(x, "GET", "/file", NULL, NULL)->status, 200);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        a = exchange(x, methods[i], "/file", "Destination: /b", NULL);
        assert_int_equal(a->status, 403);
        assert_true(a->early);
    }
    exchange_close(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(allow_is_true_per_resource, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_method_tells_what_is_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(body_of_options_is_ignored, set_up, tear_down),
        cmocka_unit_test(read_only_server_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
