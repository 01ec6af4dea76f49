/*
 * Conditions, the If header and lock tokens, as requests to a server over a real folder. A PUT or
 * DELETE is what asks; what counts is whether it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"

#define LOCKINFO(scope)                                                                                      \
    "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:" scope                                                    \
    "/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
#define PATCH                                                                                                \
    "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><p xmlns=\"urn:x\">v</p></D:prop></D:set>"            \
    "</D:propertyupdate>"

static int setup(void **context)
{
    struct exchange *x = exchange_open(NULL);
    exchange_write(x, "f", "hello");
    exchange_write(x, "other", "other");
    exchange_mkdir(x, "d");
    exchange_write(x, "d/g", "there");
    exchange_mkdir(x, "d/e");
    exchange_write(x, "d/e/h", "deep");
    *context = x;
    return 0;
}

static int teardown(void **context)
{
    exchange_close(*context);
    return 0;
}

static int status_as(struct exchange *x, const char *user, const char *method, const char *target,
                     const char *headers, const char *body)
{
    return exchange_full(x, user, method, target, headers, body, body ? strlen(body) : 0)->status;
}

static int status(struct exchange *x, const char *method, const char *target, const char *headers)
{
    const char *body = strcmp(method, "PUT") == 0 ? "new" : strcmp(method, "PROPPATCH") == 0 ? PATCH : NULL;
    return status_as(x, "ann", method, target, headers, body);
}

static const char *lock_as(struct exchange *x, const char *user, const char *target, const char *depth,
                           const char *info)
{
    const char *headers = apr_pstrcat(x->pool, "Depth: ", depth, NULL);
    const struct answer *a = exchange_full(x, user, "LOCK", target, headers, info, strlen(info));
    const char *value = answer_header(a, "Lock-Token");
    if (!*value)
        fail_msg("LOCK %s: %d %s", target, a->status, a->body);
    return apr_pstrmemdup(x->pool, value + 1, strlen(value) - 2);
}

static const char *lock(struct exchange *x, const char *target, const char *depth)
{
    return lock_as(x, "ann", target, depth, LOCKINFO("exclusive"));
}

static const char *etag_of(struct exchange *x, const char *target)
{
    return answer_header(exchange(x, "HEAD", target, NULL, NULL), "ETag");
}

/* A format with one %s. */
static const char *with(struct exchange *x, const char *format, const char *value)
{
    const char *at = strstr(format, "%s");
    return apr_pstrcat(x->pool, apr_pstrmemdup(x->pool, format, (size_t)(at - format)), value, at + 2, NULL);
}

/* ---- conditional headers ---- */

static void if_match_lets_through_who_knows_the_resource(void **context)
{
    struct exchange *x = *context;
    const char *etag = etag_of(x, "/f");
    assert_int_equal(status(x, "PUT", "/f", "If-Match: \"wrong\""), 412);
    assert_int_equal(status(x, "PUT", "/f", with(x, "If-Match: %s", etag)), 204);
    assert_int_equal(status(x, "PUT", "/f", with(x, "If-Match: %s", etag)), 412); /* it has changed */
    assert_int_equal(status(x, "PUT", "/new", "If-Match: *"), 412);
    assert_int_equal(status(x, "PUT", "/f", "If-None-Match: *"), 412);
    assert_int_equal(status(x, "PUT", "/new", "If-None-Match: *"), 201);
}

/* ---- the If header as a condition ---- */

static void if_lists_hold_as_the_table_says(void **context)
{
    /* %T: the token of the lock on /f; %E: the etag of /f; %O: that of /other; %D: that of /d/ */
    static const struct {
        const char *target, *condition;
        int status;
    } rows[] = {
        { "/f", "(<%T>)", 204 },
        { "/f", "(<%T> [%E])", 204 },
        { "/f", "(<%T> [\"wrong\"])", 412 },
        { "/f", "(<%T> [W/%E])", 412 }, /* strong comparison */
        { "/f", "([\"wrong\"]) (<%T>)", 204 },
        { "/f", "(Not <%T>)", 412 },
        { "/f", "(<%T>) (Not <DAV:no-lock>)", 204 },
        { "/f", "(<DAV:no-lock>)", 412 },
        { "/f", "(Not <DAV:no-lock>)", 423 }, /* holds, but submits nothing */
        { "/f", "([%E])", 423 },
        { "/f", "([%O])", 412 },
        { "/f", "(Not [%O]) (Not <%T>)", 204 }, /* under Not it is submitted as well */
        { "/f", "</f> (<%T>)", 204 },
        { "/f", "<http://dav.example/f> (<%T>)", 204 },
        { "/f", "<https://DAV.example/f> (<%T> [%E])", 204 },
        { "/f", "<http://elsewhere/f> (<%T>)", 412 },
        { "/f", "</%66> (<%T>)", 204 },
        { "/f", "</d/> (<%T>)", 412 },
        { "/f", "</d/> (Not <%T>)", 204 },
        { "/f", "</other> ([%O]) </nothing> (<%T>)", 204 },
        { "/f", "</nothing> ([%E])", 412 },
        { "/f", "</.holdfast/jobs> (<%T>)", 412 },
        { "/f", "</../f> (<%T>)", 412 },
        { "/other", "(<%T>)", 412 },
        { "/other", "([%O])", 204 },
        { "/other", "</f> (<%T>)", 204 },
        { "/other", "</d/> ([%D])", 204 },
        { "/new", "(Not [%E])", 201 },
        { "/new", "([%E])", 412 },
        { "/f", "(<%T>", 400 },
        { "/f", "()", 400 },
    };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *token = lock(x, "/f", "0");
        const char *headers = "If: ";
        for (const char *at = rows[i].condition; *at; at++) {
            bool is_place = *at == '%' && strchr("TEOD", at[1]);
            const char *value = !is_place      ? apr_pstrmemdup(x->pool, at, 1)
                                : at[1] == 'T' ? token
                                : at[1] == 'E' ? etag_of(x, "/f")
                                : at[1] == 'O' ? etag_of(x, "/other")
                                               : prop_text(exchange(x, "PROPFIND", "/d", "Depth: 0", NULL),
                                                           "/d/", "DAV:", "getetag");
            headers = apr_pstrcat(x->pool, headers, value, NULL);
            at += is_place;
        }
        int found = status(x, "PUT", rows[i].target, headers);
        if (found != rows[i].status)
            fail_msg("%s with %s: %d", rows[i].target, rows[i].condition, found);
        assert_int_equal(status(x, "UNLOCK", "/f", with(x, "Lock-Token: <%s>", token)), 204);
        if (found == 201)
            assert_int_equal(status(x, "DELETE", "/new", NULL), 204);
    }
}

/* ---- tokens ---- */

static void every_writing_method_needs_the_token(void **context)
{
    static const struct {
        const char *method, *target, *header;
    } rows[] = {
        { "PUT", "/d/g", NULL },
        { "PROPPATCH", "/d/g", NULL },
        { "PROPPATCH", "/d/", NULL },
        { "DELETE", "/d/g", NULL },
        { "MKCOL", "/d/new", NULL },
        { "PUT", "/d/new", NULL },
        { "COPY", "/f", "Destination: /d/new\n" },
        { "COPY", "/f", "Destination: /d/g\n" },
        { "MOVE", "/f", "Destination: /d/new\n" },
        { "MOVE", "/d/g", "Destination: /new\n" },
        { "DELETE", "/d/", NULL },
    };
    struct exchange *x = *context;
    const char *token = lock(x, "/d", "infinity");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (status(x, rows[i].method, rows[i].target, rows[i].header) != 423)
            fail_msg("%s %s", rows[i].method, rows[i].target);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *headers =
            apr_pstrcat(x->pool, rows[i].header ? rows[i].header : "", "If: </d/> (<", token, ">)", NULL);
        int found = status(x, rows[i].method, rows[i].target, headers);
        if (found >= 300)
            fail_msg("%s %s with its token: %d", rows[i].method, rows[i].target, found);
        status(x, "PUT", "/f", NULL);
        status(x, "PUT", "/d/g", with(x, "If: </d/> (<%s>)", token));
        status(x, "DELETE", "/d/new", with(x, "If: </d/> (<%s>)", token));
    }
}

static void reading_needs_no_token(void **context)
{
    struct exchange *x = *context;
    lock(x, "/d", "infinity");
    assert_int_equal(status(x, "GET", "/d/g", NULL), 200);
    assert_int_equal(status(x, "PROPFIND", "/d", "Depth: 1"), 207);
    assert_int_equal(status(x, "OPTIONS", "/d", NULL), 200);
    assert_int_equal(status(x, "COPY", "/d/g", "Destination: /copy"), 201);
}

static void a_refusal_names_the_root_of_the_lock_and_comes_before_the_body(void **context)
{
    struct exchange *x = *context;
    lock(x, "/d", "infinity");
    const struct answer *a = exchange(x, "PUT", "/d/e/h", NULL, "new");
    assert_int_equal(a->status, 423);
    assert_true(a->early);
    const struct xml_element *submitted = xml_dav_child(answer_xml(a), "lock-token-submitted");
    assert_non_null(submitted);
    assert_string_equal(xml_dav_child(submitted, "href")->text, "/d/");
}

static void another_users_token_is_worth_nothing(void **context)
{
    struct exchange *x = *context;
    const char *headers = with(x, "If: (<%s>)", lock(x, "/f", "0"));
    assert_int_equal(status_as(x, "bob", "PUT", "/f", headers, "new"), 423);
    assert_int_equal(status_as(x, "", "PUT", "/f", headers, "new"), 423);
    assert_int_equal(status_as(x, "ann", "PUT", "/f", headers, "new"), 204);
}

static void one_of_several_shared_locks_is_enough_if_it_is_the_users_own(void **context)
{
    struct exchange *x = *context;
    const char *anns = lock_as(x, "ann", "/f", "0", LOCKINFO("shared"));
    const char *bobs = lock_as(x, "bob", "/f", "0", LOCKINFO("shared"));
    assert_int_equal(status_as(x, "ann", "PUT", "/f", with(x, "If: (<%s>)", anns), "1"), 204);
    assert_int_equal(status_as(x, "bob", "PUT", "/f", with(x, "If: (<%s>)", bobs), "2"), 204);
    assert_int_equal(status_as(x, "ann", "PUT", "/f", with(x, "If: (<%s>)", bobs), "3"), 423);
    assert_int_equal(status_as(x, "eve", "PUT", "/f", NULL, "4"), 423);
}

static void a_flat_lock_on_a_collection_is_about_its_members_names(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/d", "0");
    assert_int_equal(status(x, "PUT", "/d/g", NULL), 204); /* content of a member */
    assert_int_equal(status(x, "PROPPATCH", "/d/g", NULL), 207);
    assert_int_equal(status(x, "PUT", "/d/e/new", NULL), 201); /* further down */
    assert_int_equal(status(x, "PUT", "/d/new", NULL), 423);
    assert_int_equal(status(x, "MKCOL", "/d/new", NULL), 423);
    assert_int_equal(status(x, "DELETE", "/d/g", NULL), 423);
    assert_int_equal(status(x, "PROPPATCH", "/d", NULL), 423);
    assert_int_equal(status(x, "PUT", "/d/new", with(x, "If: </d> (<%s>)", token)), 201);
}

static void a_locked_member_protects_the_tree_it_is_in(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/d/e/h", "0");
    const struct answer *a = exchange(x, "DELETE", "/d", NULL, NULL);
    assert_true(a->status == 423 || a->status == 207);
    assert_non_null(strstr(a->body, "/d/e/h"));
    assert_non_null(exchange_read(x, "d/e/h"));
    a = exchange(x, "MOVE", "/d", "Destination: /m", NULL);
    assert_true(a->status == 423 || a->status == 207);
    assert_non_null(exchange_read(x, "d/e/h"));
    assert_int_equal(status(x, "PUT", "/d/e/other", NULL), 201);
    assert_int_equal(status(x, "DELETE", "/d", with(x, "If: </d/e/h> (<%s>)", token)), 204);
}

static void an_unmapped_url_in_a_deep_lock_is_covered(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/d", "infinity");
    assert_int_equal(status(x, "PUT", "/d/e/new", NULL), 423);
    assert_int_equal(status(x, "PUT", "/d/e/new", with(x, "If: (<%s>)", token)), 201);
}

/* FIELD C7: Office saves so, and Finder deletes so. */
static void an_untagged_token_speaks_of_the_request_uri_alone(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/f", "0");
    const char *headers = apr_psprintf(x->pool, "If: (<%s>)\nDestination: /other\nOverwrite: T", token);
    assert_int_equal(status(x, "MOVE", "/f", headers), 204);
    token = lock(x, "/d/g", "0");
    assert_int_equal(status(x, "DELETE", "/d/g", with(x, "If: (<%s>)", token)), 204);
}

static void a_locked_destination_needs_its_own_token(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/other", "0");
    assert_int_equal(status(x, "COPY", "/f", "Destination: /other"), 423);
    const char *headers = apr_psprintf(x->pool, "Destination: /other\nIf: </other> (<%s>)", token);
    assert_int_equal(status(x, "COPY", "/f", headers), 204);
    assert_int_equal(status(x, "PUT", "/other", NULL), 423); /* what is overwritten keeps its lock */
}

static void names_in_tags_are_found_in_either_spelling(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "\xC3\xBC", "composed");
    const char *token = lock(x, "/%C3%BC", "0");
    assert_int_equal(status(x, "PUT", "/u%CC%88", with(x, "If: </u%CC%88> (<%s>)", token)), 204);
    assert_string_equal(exchange_read(x, "\xC3\xBC"), "new");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(if_match_lets_through_who_knows_the_resource),
        TEST(if_lists_hold_as_the_table_says),
        TEST(every_writing_method_needs_the_token),
        TEST(reading_needs_no_token),
        TEST(a_refusal_names_the_root_of_the_lock_and_comes_before_the_body),
        TEST(another_users_token_is_worth_nothing),
        TEST(one_of_several_shared_locks_is_enough_if_it_is_the_users_own),
        TEST(a_flat_lock_on_a_collection_is_about_its_members_names),
        TEST(a_locked_member_protects_the_tree_it_is_in),
        TEST(an_unmapped_url_in_a_deep_lock_is_covered),
        TEST(an_untagged_token_speaks_of_the_request_uri_alone),
        TEST(a_locked_destination_needs_its_own_token),
        TEST(names_in_tags_are_found_in_either_spelling),
    };
    return cmocka_run_group_tests_name("precond", tests, NULL, NULL);
}
