/*
 * Targets to paths and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>

#include "fs/fs.h"
#include "tests/support/pool.h"
#include "webdav/uri.h"

static void credentials_are_left_out(void **state)
{
    static const struct {
        const char *uri, *without;
    } rows[] = {
        { "http://h/a", "http://h/a" },
        { "http://user:pa%40ss@h/a", "http://h/a" },
        { "HTTPS://a@b@h:1/a@b?c@d", "HTTPS://h:1/a@b?c@d" },
        { "http://a>b:c d@h/", "http://h/" },
        { "http://a@h", "http://h" },
        { "http://h?a@b", "http://h?a@b" },
        { "/a://b@c/d", "/a://b@c/d" },
        { "urn:a@b", "urn:a@b" },
        { "*", "*" },
        { "", "" },
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(uri_without_credentials(pool, rows[i].uri), rows[i].without);
}

static void targets_become_paths(void **state)
{
    (void)state;
    static const struct {
        const char *name, *host, *uri;
        int error;
        const char *path;
        bool slash;
    } rows[] = {
        { "root", NULL, "/", 0, "", true },
        { "file", NULL, "/a", 0, "a", false },
        { "collection", NULL, "/a/", 0, "a", true },
        { "deep", NULL, "/a/b/c.txt", 0, "a/b/c.txt", false },
        { "doubled slashes inside", NULL, "/a//b///", 0, "a/b", true },
        { "escaped blank", NULL, "/a%20b", 0, "a b", false },
        { "escapes of both cases", NULL, "/%c3%BC", 0, "\xC3\xBC", false },
        { "decoded once only", NULL, "/%2541", 0, "%41", false },
        { "decoded percent before hex", NULL, "/100%25/ab", 0, "100%/ab", false },
        { "not UTF-8", NULL, "/%FF%fe", 0, "\xFF\xFE", false },
        { "control byte, escaped", NULL, "/a%0Ab%7f", 0, "a\nb\x7f", false },
        { "raw UTF-8", NULL, "/\xC3\xBC", 0, "\xC3\xBC", false },
        { "raw bytes beyond UTF-8", NULL, "/\x80\xFF", 0, "\x80\xFF", false },
        { "query", NULL, "/a?b=c/d", 0, "a", false },
        { "empty query", NULL, "/a/?", 0, "a", true },
        { "escaped question mark and hash", NULL, "/a%3Fb%23c", 0, "a?b#c", false },
        { "plus is a plus", NULL, "/a+b", 0, "a+b", false },
        { "marks", NULL, "/!$&'()*,;=:@", 0, "!$&'()*,;=:@", false },
        { "backslash", NULL, "/a%5Cb", 0, "a\\b", false },
        { "three dots", NULL, "/...", 0, "...", false },
        { "dots in a name", NULL, "/a..b/.c", 0, "a..b/.c", false },

        { "absolute", "h", "http://h/a", 0, "a", false },
        { "absolute, https", "h", "https://h/a", 0, "a", false },
        { "absolute, scheme in capitals", "h", "HTTP://h/a", 0, "a", false },
        { "absolute without path", "h", "http://h", 0, "", true },
        { "absolute without path, with query", "h", "http://h?q", 0, "", true },
        { "absolute, host in capitals", "example.ORG", "http://EXAMPLE.org/a", 0, "a", false },
        { "absolute, default port", "h", "http://h:80/a", 0, "a", false },
        { "absolute, default port left out", "h:443", "https://h/a", 0, "a", false },
        { "absolute, any host", NULL, "http://whatever:99/a", 0, "a", false },
        { "absolute, IPv6", "[::1]:8080", "http://[::1]:8080/a", 0, "a", false },
        { "absolute, credentials", "h", "http://user:pa%40ss@h/a", 0, "a", false },
        { "absolute, another host", "h", "http://g/a", EXDEV, NULL, false },
        { "absolute, another port", "h", "http://h:8080/a", EXDEV, NULL, false },
        { "absolute, host as credentials", "h", "http://h@g/a", EXDEV, NULL, false },
        { "absolute, longer host", "h", "http://h.evil/a", EXDEV, NULL, false },
        { "another scheme", "h", "ftp://h/a", EXDEV, NULL, false },
        { "scheme that begins like ours", NULL, "httpx://h/a", EXDEV, NULL, false },
        { "scheme without slashes", NULL, "http:/a", EINVAL, NULL, false },
        { "no host", NULL, "http:///a", EINVAL, NULL, false },
        { "no host but a port", NULL, "http://:80/a", EINVAL, NULL, false },
        { "bad port", NULL, "http://h:8x/a", EINVAL, NULL, false },
        { "port too big", NULL, "http://h:65536/a", EINVAL, NULL, false },
        { "IPv6 without end", NULL, "http://[::1/a", EINVAL, NULL, false },
        { "empty brackets", NULL, "http://[]/a", EINVAL, NULL, false },
        { "junk after brackets", NULL, "http://[::1]x/a", EINVAL, NULL, false },

        { "empty", NULL, "", EINVAL, NULL, false },
        { "star", NULL, "*", EINVAL, NULL, false },
        { "relative", NULL, "a/b", EINVAL, NULL, false },
        { "network path", NULL, "//h/a", EINVAL, NULL, false },
        { "fragment", NULL, "/a#b", EINVAL, NULL, false },
        { "fragment after query", NULL, "/a?b#c", EINVAL, NULL, false },
        { "escaped slash", NULL, "/a%2Fb", EINVAL, NULL, false },
        { "escaped slash, lower case", NULL, "/a%2fb", EINVAL, NULL, false },
        { "escaped NUL", NULL, "/a%00", EINVAL, NULL, false },
        { "escape cut short", NULL, "/a%", EINVAL, NULL, false },
        { "escape with one digit", NULL, "/a%4", EINVAL, NULL, false },
        { "escape cut by the query", NULL, "/a%4?1", EINVAL, NULL, false },
        { "escape that is none", NULL, "/a%zz", EINVAL, NULL, false },
        { "escape with a sign", NULL, "/a%+1", EINVAL, NULL, false },
        { "dot dot", NULL, "/a/../b", EINVAL, NULL, false },
        { "dot dot at the end", NULL, "/a/..", EINVAL, NULL, false },
        { "dot dot, escaped", NULL, "/a/%2e%2E/b", EINVAL, NULL, false },
        { "dot dot, half escaped", NULL, "/.%2e/b", EINVAL, NULL, false },
        { "dot", NULL, "/./a", EINVAL, NULL, false },
        { "dot, escaped", NULL, "/a/%2e", EINVAL, NULL, false },
        { "dot dot in an absolute URI", "h", "http://h/../a", EINVAL, NULL, false },
        { "raw blank", NULL, "/a b", EINVAL, NULL, false },
        { "raw tab", NULL, "/a\tb", EINVAL, NULL, false },
        { "raw line end", NULL, "/a\r\nb", EINVAL, NULL, false },
        { "raw DEL", NULL, "/a\x7f", EINVAL, NULL, false },
        { "raw blank in the query", NULL, "/a?b c", EINVAL, NULL, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct uri_self self = { .host = rows[i].host };
        const char *path = "untouched";
        bool slash = !rows[i].slash;
        int error = uri_to_path(pool, rows[i].uri, &self, &path, &slash);
        const char *want = rows[i].error ? "untouched" : rows[i].path;
        if (error != rows[i].error || strcmp(path, want) != 0 || (slash == rows[i].slash) != (error == 0))
            fail_msg("%s: %d, \"%s\", slash %d", rows[i].name, error, path, slash);
    }
}

static void a_prefix_is_taken_off(void **state)
{
    (void)state;
    static const struct {
        const char *name, *prefix, *uri;
        int error;
        const char *path;
        bool slash;
    } rows[] = {
        { "none", "", "/a", 0, "a", false },
        { "itself", "/p", "/p", 0, "", false },
        { "itself, with its slash", "/p", "/p/", 0, "", true },
        { "below", "/p", "/p/a/b", 0, "a/b", false },
        { "below, with a slash", "/p", "/p/a/", 0, "a", true },
        { "the name once more", "/p", "/p/p", 0, "p", false },
        { "escaped", "/p", "/%70/a", 0, "a", false },
        { "doubled slashes", "/p", "/p//a", 0, "a", false },
        { "absolute", "/p", "http://h/p/a", 0, "a", false },
        { "two names", "/p/q", "/p/q/a", 0, "a", false },
        { "of a blank", "/p q", "/p%20q/a", 0, "a", false },
        { "composed, asked for so", "/caf\xC3\xA9", "/caf%C3%A9/a", 0, "a", false },
        { "composed, asked for decomposed", "/caf\xC3\xA9", "/cafe%CC%81/a", 0, "a", false },
        { "decomposed, asked for composed", "/cafe\xCC\x81/x", "/caf%C3%A9/x", 0, "", false },
        { "not UTF-8", "/\xFF", "/%FF/a", 0, "a", false },
        { "root", "/p", "/", EXDEV, NULL, false },
        { "absolute root", "/p", "http://h", EXDEV, NULL, false },
        { "another name", "/p", "/q/p", EXDEV, NULL, false },
        { "a longer name", "/p", "/pp", EXDEV, NULL, false },
        { "a longer name, with more", "/p", "/pp/a", EXDEV, NULL, false },
        { "a shorter name", "/pp", "/p", EXDEV, NULL, false },
        { "the first of two names", "/p/q", "/p", EXDEV, NULL, false },
        { "the first of two, and another", "/p/q", "/p/r", EXDEV, NULL, false },
        { "in capitals", "/p", "/P/a", EXDEV, NULL, false },
        { "another that is not UTF-8", "/\xFF", "/%FE/a", EXDEV, NULL, false },
        { "up and into", "/p", "/q/../p/a", EINVAL, NULL, false },
        { "out of", "/p", "/p/../q", EINVAL, NULL, false },
        { "with an escaped slash", "/p/q", "/p%2Fq", EINVAL, NULL, false },
        { "on another host", "/p", "http://g/p/a", EXDEV, NULL, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct uri_self self = { .host = "h", .prefix = rows[i].prefix };
        const char *path = "untouched";
        bool slash = !rows[i].slash;
        int error = uri_to_path(pool, rows[i].uri, &self, &path, &slash);
        const char *want = rows[i].error ? "untouched" : rows[i].path;
        if (error != rows[i].error || strcmp(path, want) != 0 || (slash == rows[i].slash) != (error == 0))
            fail_msg("%s: %d, \"%s\", slash %d", rows[i].name, error, path, slash);
    }
}

static char *repeat(const char *text, size_t count)
{
    char *out = apr_palloc(pool, strlen(text) * count + 1), *end = out;
    for (size_t i = 0; i < count; i++)
        end = apr_cpystrn(end, text, strlen(text) + 1);
    *end = '\0';
    return out;
}

static void long_targets_are_refused_by_the_length_of_their_path(void **state)
{
    (void)state;
    const struct uri_self self = { .host = NULL };
    const char *path = NULL;
    bool slash;

    assert_int_equal(
        uri_to_path(pool, apr_pstrcat(pool, "/", repeat("%C3", FS_NAME_MAX), NULL), &self, &path, &slash), 0);
    assert_int_equal(strlen(path), FS_NAME_MAX);
    assert_int_equal(
        uri_to_path(pool, apr_pstrcat(pool, "/", repeat("x", FS_NAME_MAX + 1), NULL), &self, &path, &slash),
        ENAMETOOLONG);

    /* 4095 bytes: 2047 times "%61/", then one more letter */
    const char *longest = apr_pstrcat(pool, "/", repeat("%61/", FS_PATH_MAX / 2), "%61", NULL);
    assert_int_equal(uri_to_path(pool, longest, &self, &path, &slash), 0);
    assert_int_equal(strlen(path), FS_PATH_MAX);
    assert_int_equal(uri_to_path(pool, apr_pstrcat(pool, longest, "/", NULL), &self, &path, &slash), 0);
    assert_int_equal(uri_to_path(pool, apr_pstrcat(pool, longest, "b", NULL), &self, &path, &slash),
                     ENAMETOOLONG);
    assert_int_equal(uri_to_path(pool, repeat("/a", 1000000), &self, &path, &slash), ENAMETOOLONG);
    assert_int_equal(
        uri_to_path(pool, apr_pstrcat(pool, "/a?", repeat("q", 100000), NULL), &self, &path, &slash), 0);
}

static void paths_become_hrefs(void **state)
{
    (void)state;
    static const struct {
        const char *name, *prefix, *path;
        bool is_collection;
        const char *href;
    } rows[] = {
        { "root", "", "", true, "/" },
        { "root, without its slash", "", "", false, "/" },
        { "file", "", "a", false, "/a" },
        { "collection", "", "a", true, "/a/" },
        { "deep", "", "a/b", true, "/a/b/" },
        { "plain", "", "AZaz09-._~", false, "/AZaz09-._~" },
        { "neon's encoding", "", "am & per/a(1)", false, "/am%20%26%20per/a%281%29" },
        { "marks", "", "!$'*+,;=:@", false, "/%21%24%27%2A%2B%2C%3B%3D%3A%40" },
        { "percent, hash, question mark", "", "%#?", false, "/%25%23%3F" },
        { "UTF-8", "", "\xC3\xBC", false, "/%C3%BC" },
        { "not UTF-8", "", "\xFF\n\x7f", false, "/%FF%0A%7F" },
        { "root below a prefix", "/p", "", true, "/p/" },
        { "root below a prefix, without its slash", "/p", "", false, "/p" },
        { "file below a prefix", "/p", "a", false, "/p/a" },
        { "collection below a prefix", "/p q/(r)", "a/b c", true, "/p%20q/%28r%29/a/b%20c/" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *base = uri_base(pool, rows[i].prefix);
        const char *href = uri_from_path(pool, base, rows[i].path, rows[i].is_collection);
        if (strcmp(href, rows[i].href) != 0 || strlen(href) > uri_size(base, rows[i].path))
            fail_msg("%s: %s", rows[i].name, href);
    }
}

static void prefixes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int error;
        const char *prefix;
    } rows[] = {
        { "/", 0, "" },
        { "//", 0, "" },
        { "/p", 0, "/p" },
        { "/p/", 0, "/p" },
        { "/p//q/", 0, "/p/q" },
        { "/a b/%20", 0, "/a b/%20" },
        { "", EINVAL, NULL },
        { "p", EINVAL, NULL },
        { "p/q", EINVAL, NULL },
        { "/.", EINVAL, NULL },
        { "/p/../q", EINVAL, NULL },
        { "/.holdfast", EINVAL, NULL },
        { "/.holdfast/x", EINVAL, NULL },
        { "/p/.holdfast-x", EINVAL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *prefix = "untouched";
        int error = uri_parse_prefix(pool, rows[i].text, &prefix);
        if (error != rows[i].error || strcmp(prefix, error ? "untouched" : rows[i].prefix) != 0)
            fail_msg("%s: %d, %s", rows[i].text, error, prefix);
    }
    const char *prefix = NULL;
    const char *name = repeat("x", URI_PREFIX_MAX / 2);
    assert_int_equal(uri_parse_prefix(pool, apr_pstrcat(pool, "/", name, "/", name, NULL), &prefix),
                     ENAMETOOLONG);
    assert_int_equal(uri_parse_prefix(pool, apr_pstrcat(pool, "/", name, "/", name + 1, NULL), &prefix), 0);
    assert_int_equal(strlen(prefix), URI_PREFIX_MAX);
}

static void every_byte_of_a_name_comes_back(void **state)
{
    (void)state;
    const struct uri_self self = { .host = NULL };
    for (unsigned byte = 1; byte < 256; byte++) {
        char name[] = { 'x', (char)byte, 'y', '\0' };
        if (byte == '/')
            continue;
        const char *path = NULL;
        bool slash;
        assert_int_equal(uri_to_path(pool, uri_from_path(pool, "", name, byte & 1), &self, &path, &slash), 0);
        assert_string_equal(path, name);
        assert_int_equal(slash, byte & 1);
    }
}

static void hosts_are_compared_as_authorities(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "h", "h", true },
        { "Host.Example", "hOST.eXAMPLE", true },
        { "h:80", "h", true },
        { "h:443", "h", true },
        { "h:", "h", true },
        { "h:0080", "h:80", true },
        { "h:8080", "h:8080", true },
        { "[::1]", "[::1]:80", true },
        { "[FE80::1]:8080", "[fe80::1]:8080", true },
        { "h", "g", false },
        { "h", "hh", false },
        { "h:8080", "h", false },
        { "h:8080", "h:8081", false },
        { "[::1]", "[::2]", false },
        { "::1", "[::1]", false },
        { "", "", false },
        { ":80", ":80", false },
        { "h:80x", "h:80x", false },
        { "h:99999999999999999999", "h:99999999999999999999", false },
        { "[", "[", false },
        { "[]", "[]", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (uri_same_host(rows[i].a, rows[i].b) != rows[i].same ||
            uri_same_host(rows[i].b, rows[i].a) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

/* Each in memory of its exact size, so that the sanitizer sees a look too far. */
static void cut_and_spoilt_targets_are_survived(void **state)
{
    (void)state;
    static const char uri[] = "http://u@[::1]:8080/a%20b/%C3%BC//c%25?q=%41";
    const struct uri_self self = { .host = "[::1]:8080" };
    for (size_t len = 0; len < sizeof uri; len++) {
        for (unsigned byte = 0; byte < 256; byte += len < 40 ? 1 : 37) {
            char *copy = malloc(len + 1);
            memcpy(copy, uri, len);
            if (len > 0 && byte > 0)
                copy[len - 1] = (char)byte;
            copy[len] = '\0';
            const char *path = "untouched";
            bool slash;
            int error = uri_to_path(pool, copy, &self, &path, &slash);
            if (error)
                assert_string_equal(path, "untouched");
            else
                assert_true(path[0] != '/' && strlen(path) < len);
            free(copy);
        }
        apr_pool_clear(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(credentials_are_left_out, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(targets_become_paths, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(long_targets_are_refused_by_the_length_of_their_path, pool_set_up,
                                        pool_tear_down),
        cmocka_unit_test_setup_teardown(a_prefix_is_taken_off, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(paths_become_hrefs, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(prefixes_are_read, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(every_byte_of_a_name_comes_back, pool_set_up, pool_tear_down),
        cmocka_unit_test(hosts_are_compared_as_authorities),
        cmocka_unit_test_setup_teardown(cut_and_spoilt_targets_are_survived, pool_set_up, pool_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
