/*
 * A folder served below a prefix: what comes in is taken as below it, and whatever goes out has it in front. What is
 * kept has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/uri.h"

#define PREFIX "/our files/x"
#define BASE   "/our%20files/x"
#define LOCK                                                                                                 \
    "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/>"           \
    "</D:locktype></D:lockinfo>"

static int set_up(void **state)
{
    const struct dav_config config = { .prefix = PREFIX };
    struct exchange *x = exchange_open(&config);

    exchange_write(x, "a", "a");
    exchange_mkdir(x, "dir");
    exchange_write(x, "dir/m n", "m");
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static void expect(struct exchange *x, int status, const char *method, const char *target,
                   const char *headers)
{
    const struct answer *a = exchange(x, method, target, headers, NULL);
    if (a->status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, target, a->status, status, a->body);
}

static const char *lock(struct exchange *x, const char *target, const char *headers)
{
    const struct answer *a = exchange(x, "LOCK", target, headers, LOCK);
    const char *value = answer_header(a, "Lock-Token");

    assert_int_equal(a->status, 200);
    assert_non_null(strstr(a->body, apr_pstrcat(x->pool, "<D:lockroot><D:href>", target, NULL)));
    return value;
}

static void targets_are_below_it(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(exchange(x, "GET", BASE "/a", NULL, NULL)->body, "a");
    assert_string_equal(exchange(x, "GET", "http://dav.example" BASE "/dir/m%20n", NULL, NULL)->body, "m");
    expect(x, 200, "OPTIONS", "*", NULL);
    expect(x, 400, "GET", "/a", NULL);
    expect(x, 400, "GET", "/our%20files/xa", NULL);
    expect(x, 404, "GET", BASE "/.holdfast/jobs", NULL);
    expect(x, 403, "DELETE", BASE, NULL);
    expect(x, 403, "DELETE", BASE "/", NULL);
    expect(x, 201, "MKCOL", BASE "/our%20files", NULL);
    assert_true(exchange_exists(x, "our files"));
}

static void listings_have_it(void **state)
{
    struct exchange *x = *state;
    static const char *const roots[] = { BASE, BASE "/" };

    for (int i = 0; i < 2; i++) {
        const struct answer *a = exchange(x, "PROPFIND", roots[i], "Depth: infinity", NULL);
        assert_int_equal(response_count(a), 4);
        assert_true(has_response(a, BASE "/"));
        assert_true(has_response(a, BASE "/a"));
        assert_true(has_response(a, BASE "/dir/"));
        assert_true(has_response(a, BASE "/dir/m%20n"));
        assert_string_equal(prop_text(a, BASE "/", "DAV:", "displayname"), "x");
        assert_string_equal(prop_text(a, BASE "/a", "DAV:", "displayname"), "a");
    }
}

/* The longest that XML makes of a name, where the pieces of an answer are sized beforehand. */
static void the_root_has_the_name_of_its_prefix(void **state)
{
    char prefix[URI_PREFIX_MAX + 1] = "/";
    const struct dav_config config = { .prefix = memset(prefix + 1, '"', URI_PREFIX_MAX - 1) - 1 };
    struct exchange *x = exchange_open(&config);
    char *target = apr_palloc(x->pool, 3 * sizeof prefix);
    (void)state;

    *uri_encode(target, prefix, URI_PREFIX_MAX) = '\0';
    const struct answer *a = exchange(x, "PROPFIND", target, "Depth: 0", NULL);
    assert_string_equal(prop_text(a, apr_pstrcat(x->pool, target, "/", NULL), "DAV:", "displayname"),
                        prefix + 1);
    exchange_close(x);
}

static void pages_have_relative_links(void **state)
{
    struct exchange *x = *state;
    const char *page = exchange(x, "GET", BASE "/", NULL, NULL)->body;

    assert_non_null(strstr(page, "<h1>" PREFIX "</h1>"));
    assert_non_null(strstr(page, "href=\"../\""));
    assert_non_null(strstr(page, "href=\"dir/\""));
    page = exchange(x, "GET", BASE, NULL, NULL)->body;
    assert_non_null(strstr(page, "href=\"./\""));
    assert_non_null(strstr(page, "href=\"x/dir/\""));
    page = exchange(x, "GET", BASE "/dir", NULL, NULL)->body;
    assert_non_null(strstr(page, "<h1>" PREFIX "/dir</h1>"));
    assert_non_null(strstr(page, "href=\"dir/m%20n\""));
}

static void what_is_made_is_told_where(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(answer_header(exchange(x, "MKCOL", BASE "/n%20w", NULL, NULL), "Location"),
                        BASE "/n%20w/");
    assert_string_equal(
        answer_header(exchange(x, "COPY", BASE "/a", "Destination: " BASE "/b", NULL), "Location"),
        BASE "/b");
    assert_string_equal(exchange_read(x, "b"), "a");
    const struct answer *a = exchange(x, "PROPPATCH", BASE "/a", NULL,
                                      "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><p xmlns=\"urn:\">1"
                                      "</p></D:prop></D:set></D:propertyupdate>");
    assert_int_equal(prop_status(a, BASE "/a", "urn:", "p"), 200);
}

static void destinations_are_below_it(void **state)
{
    struct exchange *x = *state;
    static const char *const elsewhere[] = { "/b", "/our%20files/b", "/our%20files/xb",
                                             "http://dav.example/b", "http://other.example" BASE "/b" };

    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        const char *headers = apr_pstrcat(x->pool, "Destination: ", elsewhere[i], NULL);
        expect(x, 502, "COPY", BASE "/a", headers);
        expect(x, 502, "MOVE", BASE "/dir", headers);
    }
    expect(x, 403, "MOVE", BASE "/dir", "Destination: " BASE);
    expect(x, 403, "COPY", BASE "/dir", "Destination: " BASE "/dir/d");
    expect(x, 201, "MOVE", BASE "/dir", "Destination: http://dav.example" BASE "/moved/");
    assert_true(exchange_exists(x, "moved/m n"));
}

static void locks_are_told_with_it(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, BASE "/dir/", NULL);

    const struct answer *a = exchange(x, "PUT", BASE "/dir/m%20n", NULL, "new");
    assert_int_equal(a->status, 423);
    assert_non_null(strstr(a->body, "<D:href>" BASE "/dir/</D:href>"));
    a = exchange(x, "LOCK", BASE "/dir/m%20n", NULL, LOCK);
    assert_int_equal(a->status, 423);
    assert_non_null(strstr(a->body, "<D:href>" BASE "/dir/</D:href>"));
    a = exchange(x, "LOCK", BASE "/", NULL, LOCK);
    assert_int_equal(response_status(a, BASE "/dir"), 423);
    assert_int_equal(response_status(a, BASE "/"), 424);
    a = exchange(x, "PROPFIND", BASE "/dir/m%20n", "Depth: 0", NULL);
    assert_non_null(strstr(a->body, "<D:lockroot><D:href>" BASE "/dir/</D:href>"));
    expect(x, 204, "UNLOCK", BASE "/dir/m%20n", apr_pstrcat(x->pool, "Lock-Token: ", token, NULL));
}

static void tags_are_below_it(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, BASE "/dir/", NULL);
    static const struct {
        const char *tag;
        int status;
    } rows[] = {
        { "/dir/", 412 },
        { "/our%20files/dir/", 412 },
        { BASE, 412 },
        { BASE "/dir/", 204 },
        { "http://dav.example" BASE "/dir", 204 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(x, rows[i].status, "PUT", BASE "/dir/m%20n",
               apr_psprintf(x->pool, "If: <%s> (%s)\nContent-Length: 0", rows[i].tag, token));
}

/* An operator may choose another prefix. */
static void what_is_kept_does_not_have_it(void **state)
{
    struct exchange *x = *state;

    lock(x, BASE "/dir/", NULL);
    x->config.prefix = "/elsewhere";
    exchange_restart(x);
    const struct answer *a = exchange(x, "DELETE", "/elsewhere/dir/m%20n", NULL, NULL);
    assert_int_equal(a->status, 423);
    assert_non_null(strstr(a->body, "<D:href>/elsewhere/dir/</D:href>"));
}

static struct dav_request *ask(struct exchange *x, const char *method, const char *target)
{
    apr_table_t *headers = apr_table_make(x->pool, 2);
    const struct dav_head head = { .method = method, .target = target, .headers = headers, .user = "" };

    apr_table_set(headers, "Host", "dav.example");
    apr_table_set(headers, "Destination", apr_pstrcat(x->pool, target, "2", NULL));
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    return r;
}

static void shares_have_nothing_to_do_with_each_other(void **state)
{
    const struct dav_config config = { .prefix = "/other" };
    struct exchange *x = *state, *y = exchange_open(&config);

    exchange_write(y, "a", "a");
    struct dav_request *here = ask(x, "MOVE", BASE "/a"), *there = ask(y, "MOVE", "/other/a");
    struct dav_request *again = ask(x, "MOVE", BASE "/a");
    assert_string_equal(dav_request_paths(here).path, dav_request_paths(there).path);
    assert_string_equal(dav_request_paths(here).dest, dav_request_paths(there).dest);
    assert_true(dav_overwrites(here, again) && dav_touches(here, again));
    assert_false(dav_overwrites(here, there) || dav_touches(here, there));
    assert_string_equal(dav_request_key(here), dav_request_key(again));
    assert_string_not_equal(dav_request_key(here), dav_request_key(there));
    assert_string_equal(dav_request_href(here, x->pool, "m n"), BASE "/m%20n");
    assert_string_equal(dav_request_href(there, x->pool, ""), "/other");
    dav_request_free(here);
    dav_request_free(there);
    dav_request_free(again);
    exchange_close(y);
}

/* Once its head is out, a refusal is told in the response of what was asked for. */
static void refusals_in_a_multistatus_have_it(void **state)
{
    struct exchange *x = *state;
    static const char *const targets[] = { BASE, BASE "/", BASE "/dir/", BASE "/gone" };

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct dav_request *r = ask(x, "DELETE", targets[i]);
        struct buffer out;
        buffer_init(&out, 65536);
        if (!dav_request_reply(r)->status)
            dav_request_cancel(r, DAV_STOP_CANCELLED);
        dav_run(r);
        assert_true(dav_request_multistatus(r, &out));
        buffer_append(&out, "", 1);
        if (!strstr(out.data, apr_pstrcat(x->pool, "<D:href>", targets[i], "</D:href>", NULL)))
            fail_msg("%s: %s", targets[i], out.data);
        buffer_release(&out);
        dav_request_free(r);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(targets_are_below_it),
        TEST(listings_have_it),
        TEST(the_root_has_the_name_of_its_prefix),
        TEST(pages_have_relative_links),
        TEST(what_is_made_is_told_where),
        TEST(destinations_are_below_it),
        TEST(locks_are_told_with_it),
        TEST(tags_are_below_it),
        TEST(what_is_kept_does_not_have_it),
        TEST(shares_have_nothing_to_do_with_each_other),
        TEST(refusals_in_a_multistatus_have_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
