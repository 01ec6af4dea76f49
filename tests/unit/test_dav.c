/*
 * Bad input that no method should see, whatever the method; and what a restart puts in order.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/exchange.h"
#include "webdav/request.h"

static const char *const methods[] = { "OPTIONS", "GET",  "HEAD", "PROPFIND",  "PUT",  "DELETE",
                                       "MKCOL",   "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK" };

#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static int set_up(void **state)
{
    *state = exchange_open(NULL);
    exchange_write(*state, "file", "file");
    exchange_write(*state, "../secret", "secret");
    exchange_mkdir(*state, "dir");
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static void targets_that_are_no_paths_are_400(void **state)
{
    static const char *const targets[] = {
        "",
        "file",
        "/..",
        "/../secret",
        "/dir/../../secret",
        "/%2e%2e/secret",
        "/.%2E/x",
        "/dir/%2e%2e",
        "/dir/..",
        "/./file",
        "/%2e/file",
        "/a%2Fb",
        "/a%2fb",
        "/a%00b",
        "/%00",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%2g",
        "/file#part",
        "ftp://dav.example/file",
        "http://other.example/file",
        "*",
    };
    struct exchange *x = *state;

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (size_t j = 0; j < METHOD_COUNT; j++) {
            if (strcmp(targets[i], "*") == 0 && strcmp(methods[j], "OPTIONS") == 0)
                continue;
            const struct answer *a = exchange(x, methods[j], targets[i], "Destination: /new", NULL);
            if (a->status != 400 || !a->early)
                fail_msg("%s %s: %d", methods[j], targets[i], a->status);
        }
    }
    assert_false(exchange_exists(x, "new"));
}

static void targets_may_be_absolute_and_have_a_query(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(exchange(x, "GET", "http://dav.example/file", NULL, NULL)->body, "file");
    assert_string_equal(exchange(x, "GET", "https://dav.example/%66%69le", NULL, NULL)->body, "file");
    assert_string_equal(exchange(x, "GET", "/file?x=%zz", NULL, NULL)->body, "file");
    assert_int_equal(exchange(x, "GET", "http://dav.example", NULL, NULL)->status, 200);
}

/* Scripts join "/" and a path; no client means a host by it. A Destination is no target. */
static void slashes_before_a_target_are_one(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(exchange(x, "GET", "//file", NULL, NULL)->body, "file");
    assert_string_equal(exchange(x, "GET", "////file?q", NULL, NULL)->body, "file");
    assert_int_equal(exchange(x, "GET", "//dav.example/file", NULL, NULL)->status, 404);
    assert_int_equal(exchange(x, "PROPFIND", "//", "Depth: 0", NULL)->status, 207);
    assert_int_equal(exchange(x, "GET", "//../secret", NULL, NULL)->status, 400);
    assert_int_equal(exchange(x, "COPY", "/file", "Destination: //dav.example/new", NULL)->status, 400);
}

static void hosts_are_made_of_what_hosts_are_made_of(void **state)
{
    static const struct {
        const char *host;
        int status;
    } rows[] = {
        { "dav.example", 200 },
        { "DAV_1.example:8080", 200 },
        { "[fe80::1%25eth0]:80", 200 },
        { "", 200 },
        { "a b", 400 },
        { "dav.example/", 400 },
        { "user@dav.example", 400 },
        { "a\tb", 400 },
        { "dav\\example", 400 },
        { "dav.example, other", 400 },
        { "h\xC3\xBC", 400 },
        { "h#", 400 },
    };
    struct exchange *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *header = apr_pstrcat(x->pool, "Host: ", rows[i].host, NULL);
        const struct answer *a = exchange(x, "GET", "/file", header, NULL);
        if (a->status != rows[i].status || a->close != (rows[i].status == 400))
            fail_msg("%s: %d", rows[i].host, a->status);
    }
}

/* Its framing may have been lost; others send requests without a body all day. */
static void an_upload_without_framing_ends_the_connection(void **state)
{
    struct exchange *x = *state;

    const struct answer *a = exchange(x, "PUT", "/new", NULL, NULL);
    assert_int_equal(a->status, 201);
    assert_true(a->close);
    assert_true(exchange(x, "PUT", "/none/new", NULL, NULL)->close); /* refused as well */
    assert_true(exchange(x, "PUT", "/new", "Expect: 200-ok", NULL)->close);
    assert_false(exchange(x, "PUT", "/new", "Content-Length: 0", NULL)->close);
    assert_false(exchange(x, "PUT", "/new", "Transfer-Encoding: chunked", "x")->close);
    assert_false(exchange(x, "PROPFIND", "/", "Depth: 0", NULL)->close);
    assert_false(exchange(x, "LOCK", "/file", "If: (<a:b>)", NULL)->close);
}

static void names_that_are_too_long_are_refused(void **state)
{
    struct exchange *x = *state;
    char name[302], path[6001];

    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 2 ? 'd' : '/';
    path[sizeof path - 1] = '\0';
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        assert_int_equal(exchange(x, methods[i], name, NULL, NULL)->status, 414);
        assert_int_equal(exchange(x, methods[i], path, NULL, NULL)->status, 414);
    }
    const char *header = apr_pstrcat(x->pool, "Destination: ", name, NULL);
    assert_int_equal(exchange(x, "COPY", "/file", header, NULL)->status, 403);
}

static void reserved_names_are_hidden_and_refused(void **state)
{
    static const char *const targets[] = { "/.holdfast",       "/.holdfast/x",   "/.holdfast-1",
                                           "/dir/.holdfast-1", "/.holdfast-1/x", "/%2eholdfast-1" };
    struct exchange *x = *state;

    exchange_write(x, "dir/.holdfast-1", "ours");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (size_t j = 0; j < METHOD_COUNT; j++) {
            bool reads = j < 4;
            const struct answer *a = exchange(x, methods[j], targets[i], "Destination: /new", NULL);
            if (a->status != (reads ? 404 : 403))
                fail_msg("%s %s: %d", methods[j], targets[i], a->status);
        }
    }
    assert_string_equal(exchange_read(x, "dir/.holdfast-1"), "ours");
}

static void unknown_methods_are_501(void **state)
{
    static const char *const unknown[] = { "BREW", "get", "TRACE", "POST", "PATCH", "G", "" };

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(exchange(*state, unknown[i], "/file", NULL, NULL)->status, 501);
}

static void headers_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *method, *headers;
        int status;
        bool close;
    } rows[] = {
        { "PROPFIND", "Depth: 0\nDepth: 0", 400, true },
        { "PROPFIND", "Depth: 2", 400, false },
        { "PROPFIND", "Depth: ", 400, true },
        { "PROPFIND", "Depth:  \t", 400, true },
        { "PROPFIND", "Depth1: ", 400, true },
        { "PROPFIND", "content-length28: ", 400, true },
        { "BREW", "Transfer-Encodingchunked: ", 400, true },
        { "GET", "If-Match: ", 400, true },
        { "GET", "If-Match*: \"a\"", 400, true },
        { "GET", "If-None-Match: \"a\"\nIf-None-Match: ", 400, true },
        { "GET", "If-Modified-Since: ", 200, false },
        { "COPY", "Destination: ", 400, true },
        { "COPY", "Destination: /b\nOverwrite: ", 400, true },
        { "COPY", "Destination: /b\nOverwriteF: ", 400, true },
        { "GET", "Authorization: Basic YTph\nAuthorization: Basic YTph", 400, true },
        { "COPY", "Destination: /b\nDestination: /c", 400, true },
        { "COPY", "Destination: /b\nOverwrite: X", 400, false },
        { "COPY", "Destination: /b\nOverwrite: T\nOverwrite: F", 400, true },
        { "GET", "Range: bytes=0-1\nRange: bytes=2-3", 400, true },
        { "GET", "If-Range: \"a\"\nIf-Range: \"b\"", 400, true },
        { "GET", "Host: a\nHost: b", 400, true },
        { "LOCK", "Timeout: Second-1\nTimeout: Second-2", 400, true },
        { "UNLOCK", "Lock-Token: <a:b>\nLock-Token: <c:d>", 400, true },
        { "UNLOCK", NULL, 400, false },
        { "PUT", "Content-Length: 4\nContent-Length: 4", 400, true },
        { "PUT", "Content-Length: 4, 4", 400, true },
        { "PUT", "Content-Length: -4", 400, true },
        { "PUT", "Content-Length: +4", 400, true },
        { "PUT", "Content-Length: 4x", 400, true },
        { "PUT", "Content-Length: ", 400, true },
        { "PUT", "Content-Length: 99999999999999999999", 400, true },
        { "PUT", "Content-Length: 4\nTransfer-Encoding: chunked", 400, true },
        { "PUT", "Transfer-Encoding: gzip, chunked", 501, true },
        { "PUT", "Transfer-Encoding: xchunked", 501, true },
        { "PUT", "Transfer-Encoding: chunked\nTransfer-Encoding: identity", 400, true },
        { "PUT", "Expect: 200-ok", 417, true },
        { "PUT", "Expect: 100-Continue", 204, false },
        { "GET", "If: ", 400, true },
        { "GET", "If: (", 400, false },
        { "GET", "If: ()", 400, false },
        { "GET", "If: <x> (<a:b>) (<c:d>", 400, false },
        { "GET", "If: nonsense", 400, false },
        { "DELETE", "Depth: nonsense", 400, false },
        { "BREW", "Content-Length: 4\nTransfer-Encoding: chunked", 400, true },
    };
    struct exchange *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool has_body = strcmp(rows[i].method, "PUT") == 0;
        const struct answer *a =
            exchange(x, rows[i].method, "/file", rows[i].headers, has_body ? "body" : NULL);
        if (a->status != rows[i].status || a->close != rows[i].close)
            fail_msg("row %zu, %s with %s: %d%s", i, rows[i].method, rows[i].headers ? rows[i].headers : "",
                     a->status, a->close ? ", close" : "");
    }
}

static void xml_over_the_limit_is_413(void **state)
{
    const struct dav_config config = { .max_xml = 100 };
    struct exchange *x = exchange_open(&config);
    char body[102];
    (void)state;

    memset(body, ' ', sizeof body);
    body[101] = '\0';
    const struct answer *a = exchange(x, "PROPFIND", "/", "Depth: 0", body);
    assert_int_equal(a->status, 413);
    assert_true(a->early);
    a = exchange(x, "PROPFIND", "/", "Depth: 0\nTransfer-Encoding: chunked", body);
    assert_int_equal(a->status, 413);
    assert_false(a->early);
    exchange_close(x);
}

static void forwarded_host_counts_where_it_is_trusted(void **state)
{
    const struct dav_config trusting = { .trust_forwarded = true };
    struct exchange *x = exchange_open(&trusting);
    const char *headers = "X-Forwarded-Host: public.example\nDestination: https://public.example/b";

    exchange_write(x, "file", "x");
    assert_int_equal(exchange(x, "COPY", "/file", headers, NULL)->status, 201);
    assert_int_equal(exchange(*state, "COPY", "/file", headers, NULL)->status, 502);
    exchange_close(x);
}

static void errors_are_one_line_of_text(void **state)
{
    const struct answer *a = exchange(*state, "GET", "/none", NULL, NULL);

    assert_string_equal(answer_header(a, "Content-Type"), "text/plain; charset=utf-8");
    assert_true(a->size > 1);
    assert_ptr_equal(strchr(a->body, '\n'), a->body + a->size - 1);
}

static void stopped_operation_is_503_and_changes_nothing(void **state)
{
    struct exchange *x = *state;
    apr_table_t *headers = apr_table_make(x->pool, 2);
    const struct dav_head head = { .method = "COPY", .target = "/dir", .headers = headers, .user = "" };

    apr_table_set(headers, "Destination", "/new");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    progress_stop(dav_request_progress(r));
    dav_run(r);
    assert_int_equal(dav_request_reply(r)->status, 503);
    dav_request_free(r);
    assert_false(exchange_exists(x, "new"));
    assert_int_equal(exchange_strays(x), 0);
}

static void cleanup_of_a_stopped_server_is_left_for_the_next_start(void **state)
{
    struct exchange *x = *state;
    apr_table_t *headers = apr_table_make(x->pool, 1);
    const struct dav_head head = { .method = "DELETE", .target = "/dir", .headers = headers, .user = "" };

    exchange_write(x, "dir/member", "x");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    assert_int_equal(dav_request_reply(r)->status, 204);
    dav_request_stop(r);
    dav_cleanup(r);
    dav_request_free(r);
    assert_int_equal(exchange_strays(x), 1);
    exchange_restart(x);
    assert_int_equal(exchange_strays(x), 0);
}

/* ---- restarts ---- */

/* What a process leaves that dies after a DELETE's answer and before its purge. */
static void strays_of_a_crash_are_gone_after_the_start(void **state)
{
    struct exchange *x = *state;
    apr_table_t *headers = apr_table_make(x->pool, 1);
    const struct dav_head head = { .method = "DELETE", .target = "/dir", .headers = headers, .user = "" };

    exchange_write(x, "dir/member", "x");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    assert_int_equal(dav_request_reply(r)->status, 204);
    assert_true(dav_has_cleanup(r));
    dav_request_free(r); /* without dav_cleanup */
    assert_int_equal(exchange_strays(x), 1);
    exchange_restart(x);
    assert_int_equal(exchange_strays(x), 0);
    assert_string_equal(exchange_read(x, "file"), "file");
}

/* A COPY over a collection, an upload and a DELETE, none of them finished. */
static void die_in_the_middle(struct exchange *x)
{
    apr_table_t *headers = apr_table_make(x->pool, 1);
    const struct dav_head put = { .method = "PUT", .target = "/file", .headers = headers, .user = "" };
    const struct dav_head delete = { .method = "DELETE", .target = "/dir", .headers = headers, .user = "" };
    struct staging *staging;

    assert_int_equal(staging_open_tree(x->fs, "dir2", &staging), 0);
    assert_int_equal(fs_mkdir(staging_dir(staging), staging_name(staging), 0755), 0);
    struct dav_request *r = dav_request_new(x->dav, &put);
    dav_begin(r);
    dav_body(r, "half", 4);
    r = dav_request_new(x->dav, &delete);
    dav_begin(r);
    dav_run(r);
}

static void crash_leaves_old_or_new_and_no_strays(void **state)
{
    struct exchange *x = *state;

    exchange_mkdir(x, "dir2");
    exchange_write(x, "dir2/old", "old");
    exchange_crash(x, die_in_the_middle);
    assert_int_equal(exchange_strays(x), 0);
    assert_string_equal(exchange_read(x, "file"), "file");
    assert_string_equal(exchange_read(x, "dir2/old"), "old");
    assert_false(exchange_exists(x, "dir"));
}

static void state_folder_that_cannot_be_is_told(void **state)
{
    struct exchange *x = *state;
    const char *message = NULL;
    struct dav *dav = NULL;
    const struct dav_config config = { .state_dir = apr_pstrcat(x->pool, x->root, "/file/state", NULL),
                                       .max_xml = 1000 };

    assert_int_not_equal(dav_open(x->pool, x->fs, &config, &dav, &message), 0);
    assert_null(dav);
    assert_non_null(message);
    assert_null(strchr(message, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(targets_that_are_no_paths_are_400, set_up, tear_down),
        cmocka_unit_test_setup_teardown(targets_may_be_absolute_and_have_a_query, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slashes_before_a_target_are_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hosts_are_made_of_what_hosts_are_made_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upload_without_framing_ends_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_are_too_long_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reserved_names_are_hidden_and_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_methods_are_501, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_that_make_no_sense_are_refused, set_up, tear_down),
        cmocka_unit_test(xml_over_the_limit_is_413),
        cmocka_unit_test_setup_teardown(forwarded_host_counts_where_it_is_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_are_one_line_of_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_operation_is_503_and_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cleanup_of_a_stopped_server_is_left_for_the_next_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(strays_of_a_crash_are_gone_after_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(crash_leaves_old_or_new_and_no_strays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(state_folder_that_cannot_be_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
