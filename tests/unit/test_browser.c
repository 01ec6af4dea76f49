/*
 * Which changes come from a page of another site, and which origins are listed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>

#include "src/browser.h"
#include "src/cors.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static apr_pool_t *pool;

/* "Name: value\nName: value" */
static struct head make_head(const char *method, const char *lines)
{
    struct head head = { .method = method, .headers = apr_table_make(pool, 8) };
    char *rest = apr_pstrdup(pool, lines), *state, *line;

    for (line = strtok_r(rest, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char *colon = strstr(line, ": ");
        assert_non_null(colon);
        *colon = '\0';
        apr_table_add(head.headers, line, colon + 2);
    }
    return head;
}

static const struct {
    const char *method, *headers;
    bool is_tls, trusts, is_foreign;
} changes[] = {
    /* no browser */
    { "PUT", "Host: h", false, false, false },
    { "PUT", "", false, false, false },
    /* what only reads */
    { "GET", "Host: h\nOrigin: http://evil", false, false, false },
    { "HEAD", "Host: h\nSec-Fetch-Site: cross-site", false, false, false },
    { "OPTIONS", "Host: h\nOrigin: http://evil", false, false, false },
    { "PROPFIND", "Host: h\nOrigin: http://evil", false, false, false },
    { "REPORT", "Host: h\nOrigin: http://evil", false, false, false },
    /* everything else changes, known or not */
    { "PUT", "Host: h\nOrigin: http://evil", false, false, true },
    { "POST", "Host: h\nOrigin: http://evil", false, false, true },
    { "DELETE", "Host: h\nOrigin: http://evil", false, false, true },
    { "MOVE", "Host: h\nOrigin: http://evil", false, false, true },
    { "LOCK", "Host: h\nOrigin: http://evil", false, false, true },
    { "get", "Host: h\nOrigin: http://evil", false, false, true },
    { "BREW", "Host: h\nOrigin: http://evil", false, false, true },
    /* an origin of nobody's: a sandboxed page */
    { "PUT", "Host: h\nOrigin: null", false, false, true },
    { "PUT", "Host: null\nOrigin: null", false, false, true },
    /* our own */
    { "PUT", "Host: h\nOrigin: http://h", false, false, false },
    { "PUT", "Host: H.Example\nOrigin: http://h.example", false, false, false },
    { "PUT", "Host: h:8080\nOrigin: http://h:8080", false, false, false },
    { "PUT", "Host: [::1]:8080\nOrigin: http://[::1]:8080", false, false, false },
    { "PUT", "Host: h:80\nOrigin: http://h", false, false, false },
    { "PUT", "Host: h\nOrigin: https://h", false, false, false }, /* TLS ends before us */
    /* not quite */
    { "PUT", "Host: h\nOrigin: http://h:8080", false, false, true },
    { "PUT", "Host: h:8080\nOrigin: http://h:8081", false, false, true },
    { "PUT", "Host: h\nOrigin: http://h.evil", false, false, true },
    { "PUT", "Host: h\nOrigin: http://evil.h", false, false, true },
    { "PUT", "Host: h\nOrigin: http://h/", false, false, true },
    { "PUT", "Host: h\nOrigin: http://h@evil", false, false, true },
    { "PUT", "Host: h\nOrigin: h", false, false, true },
    { "PUT", "Host: h\nOrigin: //h", false, false, true },
    { "PUT", "Host: h\nOrigin: ", false, false, true },
    { "PUT", "Origin: http://h", false, false, true },
    { "PUT", "Host: \nOrigin: http://", false, false, true },
    /* we serve HTTPS: a page that came without it may be anybody's */
    { "PUT", "Host: h\nOrigin: http://h", true, false, true },
    { "PUT", "Host: h\nOrigin: https://h", true, false, false },
    { "PUT", "Host: h\nOrigin: HTTPS://h", true, false, false },
    { "PUT", "Host: h\nOrigin: httpsx://h", true, false, true },
    /* a proxy that is believed */
    { "PUT", "Host: inner\nX-Forwarded-Host: h\nOrigin: https://h", false, false, true },
    { "PUT", "Host: inner\nX-Forwarded-Host: h\nOrigin: https://h", false, true, false },
    { "PUT", "Host: inner\nX-Forwarded-Host: h\nX-Forwarded-Proto: https\nOrigin: https://h", false, true,
      false },
    { "PUT", "Host: inner\nX-Forwarded-Host: h\nX-Forwarded-Proto: https\nOrigin: http://h", false, true,
      true },
    { "PUT", "Host: h\nX-Forwarded-Proto: https\nOrigin: http://h", false, true, true },
    { "PUT", "Host: h\nX-Forwarded-Proto: https\nOrigin: http://h", false, false, false },
    /* the browser says it itself */
    { "PUT", "Host: inner\nOrigin: https://h\nSec-Fetch-Site: same-origin", false, false, false },
    { "PUT", "Host: h\nSec-Fetch-Site: none", false, false, false },
    { "PUT", "Host: h\nSec-Fetch-Site: same-site", false, false, true },
    { "PUT", "Host: h\nOrigin: http://h\nSec-Fetch-Site: cross-site", false, false, true },
    { "PUT", "Host: h\nSec-Fetch-Site: cross-site", false, false, true },
    { "PUT", "Host: h\nSec-Fetch-Site: ", false, false, true },
};

static void a_change_that_another_site_asks_for_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        const struct head head = make_head(changes[i].method, changes[i].headers);
        if (browser_is_foreign_change(&head, changes[i].is_tls, changes[i].trusts) != changes[i].is_foreign)
            fail_msg("%s %s (tls %d, trusts %d) is %sforeign", changes[i].method, changes[i].headers,
                     changes[i].is_tls, changes[i].trusts, changes[i].is_foreign ? "not " : "");
    }
}

static void only_origins_are_listed(void **state)
{
    static const char *const good[] = { "http://h",          "https://app.example:8443", "app://obsidian.md",
                                        "http://[::1]:8080", "capacitor://localhost",    "a+b-c.d://h_x" };
    static const char *const bad[] = { "",          "null",      "*",          "h",
                                       "://h",      "http://",   "http://h/",  "http:/h",
                                       "http//h",   "1a://h",    "http://*.h", "http://u@h",
                                       "http://h ", " http://h", "http://h\n", "http://h?x" };
    struct cors_origins origins = { .count = 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(cors_add_origin(&origins, good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (cors_add_origin(&origins, bad[i]))
            fail_msg("\"%s\" is taken for an origin", bad[i]);
    while (origins.count < CORS_MAX_ORIGINS)
        assert_true(cors_add_origin(&origins, "http://h"));
    assert_false(cors_add_origin(&origins, "http://h"));
}

static void a_listed_origin_is_found_whole(void **state)
{
    struct cors_origins none = { .count = 0 }, origins = { .count = 0 };
    struct head head = make_head("PUT", "Origin: HTTPS://App.Example");

    (void)state;
    assert_true(cors_add_origin(&origins, "https://other"));
    assert_true(cors_add_origin(&origins, "https://app.example"));
    assert_null(cors_origin(&none, &head));
    assert_string_equal(cors_origin(&origins, &head), "HTTPS://App.Example");
    head = make_head("PUT", "Origin: https://app.example.evil");
    assert_null(cors_origin(&origins, &head));
    head = make_head("PUT", "Origin: https://app");
    assert_null(cors_origin(&origins, &head));
    head = make_head("PUT", "Origin: null");
    assert_null(cors_origin(&origins, &head));
    head = make_head("PUT", "Host: h");
    assert_null(cors_origin(&origins, &head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_that_another_site_asks_for_is_known),
        cmocka_unit_test(only_origins_are_listed),
        cmocka_unit_test(a_listed_origin_is_found_whole),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    return failed;
}
