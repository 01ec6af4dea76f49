/*
 * Replies told inside of a 207 that had begun before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/multistatus.h"

static int set_up(void **state)
{
    struct exchange *x = exchange_open(NULL);

    exchange_write(x, "a b", "a");
    exchange_mkdir(x, "dir");
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

/* Runs the request; `plain` (may be NULL) is what the body would be, the result is what the 207's is. */
static const char *told(struct exchange *x, const char *method, const char *target, const char *dest,
                        const char **plain)
{
    apr_table_t *headers = apr_table_make(x->pool, 2);
    const struct dav_head head = { .method = method, .target = target, .headers = headers, .user = "" };
    struct buffer out;

    if (dest)
        apr_table_set(headers, strcmp(method, "PROPFIND") == 0 ? "Depth" : "Destination", dest);
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    buffer_init(&out, 1 << 20);
    assert_true(dav_request_multistatus(r, &out));
    assert_false(out.overflow);
    if (plain)
        *plain = apr_pstrmemdup(x->pool, dav_request_reply(r)->data, dav_request_reply(r)->size);
    const char *text = apr_pstrmemdup(x->pool, out.data, out.size);
    buffer_release(&out);
    dav_cleanup(r);
    dav_request_free(r);
    return text;
}

#define BEGIN "<D:multistatus xmlns:D=\"DAV:\">\n<D:response><D:href>"
#define END   "</D:response>\n</D:multistatus>\n"

static void a_status_is_told_for_the_path_that_was_asked(void **state)
{
    assert_string_equal(told(*state, "COPY", "/a%20b", "/new", NULL),
                        BEGIN "/a%20b</D:href><D:status>HTTP/1.1 201 Created</D:status>" END);
    assert_string_equal(told(*state, "DELETE", "/dir/", NULL, NULL),
                        BEGIN "/dir/</D:href><D:status>HTTP/1.1 204 No Content</D:status>" END);
}

static void the_text_of_an_error_becomes_its_description(void **state)
{
    assert_string_equal(told(*state, "DELETE", "/none", NULL, NULL),
                        BEGIN "/none</D:href><D:status>HTTP/1.1 404 Not Found</D:status>"
                              "<D:responsedescription>There is nothing here.</D:responsedescription>" END);
    assert_non_null(
        strstr(told(*state, "DELETE", "/..", NULL, NULL), BEGIN "/</D:href><D:status>HTTP/1.1 400 "));
}

static void a_condition_is_kept_with_its_hrefs(void **state)
{
    struct exchange *x = *state;
    static const char lock[] = "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"
                               "<D:locktype><D:write/></D:locktype></D:lockinfo>";

    assert_int_equal(exchange(x, "LOCK", "/dir", NULL, lock)->status, 200);
    assert_string_equal(told(x, "DELETE", "/dir", NULL, NULL),
                        BEGIN "/dir</D:href><D:status>HTTP/1.1 423 Locked</D:status>"
                              "<D:error xmlns:D=\"DAV:\"><D:lock-token-submitted><D:href>/dir/</D:href>"
                              "</D:lock-token-submitted></D:error>\n" END);
}

static void a_207_is_given_as_it_is(void **state)
{
    struct exchange *x = *state;
    const char *plain;

    const char *text = told(x, "PROPFIND", "/dir", "0", &plain);
    assert_true(strncmp(plain, MULTISTATUS_DECLARATION, strlen(MULTISTATUS_DECLARATION)) == 0);
    assert_string_equal(text, plain + strlen(MULTISTATUS_DECLARATION));
    assert_int_equal(mkfifo(apr_pstrcat(x->pool, x->root, "/dir/fifo", NULL), 0600), 0);
    text = told(x, "COPY", "/dir", "/copy", &plain);
    assert_string_equal(text, plain + strlen(MULTISTATUS_DECLARATION));
    assert_non_null(strstr(text, "/dir/fifo"));
}

static void a_stream_is_left_to_the_caller(void **state)
{
    struct exchange *x = *state;
    apr_table_t *headers = apr_table_make(x->pool, 2);
    const struct dav_head head = { .method = "PROPFIND", .target = "/", .headers = headers, .user = "" };
    struct buffer out;
    bool done = false;

    for (int i = 0; i < 300; i++)
        exchange_write(x, apr_psprintf(x->pool, "file-%d", i), "");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    struct dav_reply *reply = dav_request_reply(r);
    assert_int_equal(reply->kind, DAV_STREAM);
    buffer_init(&out, 1 << 20);
    assert_false(dav_request_multistatus(r, &out));
    assert_int_equal(out.size, 0);
    assert_int_equal(reply->stream->fill(reply->stream, &out, &done), 0);
    assert_memory_equal(out.data, MULTISTATUS_DECLARATION, strlen(MULTISTATUS_DECLARATION));
    buffer_release(&out);
    dav_request_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_status_is_told_for_the_path_that_was_asked),
        TEST(the_text_of_an_error_becomes_its_description),
        TEST(a_condition_is_kept_with_its_hrefs),
        TEST(a_207_is_given_as_it_is),
        TEST(a_stream_is_left_to_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
