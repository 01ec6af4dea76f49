/*
 * Keys, paths and traces of requests: which are the very same, and whether anything was touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/exchange.h"

#define NFC "caf\xC3\xA9"
#define NFD "cafe\xCC\x81"

static int set_up(void **state)
{
    struct exchange *x = exchange_open(NULL);

    exchange_write(x, "a", "a");
    exchange_write(x, "A b", "A b");
    exchange_mkdir(x, "dir");
    exchange_write(x, "dir/m", "m");
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

/* `headers` as for exchange(). */
static struct dav_request *ask(struct exchange *x, const char *method, const char *target,
                               const char *headers)
{
    apr_table_t *table = apr_table_make(x->pool, 8);
    struct dav_head head = { .method = method, .target = target, .headers = table, .user = "" };

    for (const char *line = headers ? headers : ""; *line;) {
        size_t len = strcspn(line, "\n"), name = strcspn(line, ":");
        const char *value = line + name + 1 + strspn(line + name + 1, " ");
        if (strncmp(line, "User:", 5) == 0)
            head.user = apr_pstrmemdup(x->pool, value, (size_t)(line + len - value));
        else
            apr_table_addn(table, apr_pstrmemdup(x->pool, line, name),
                           apr_pstrmemdup(x->pool, value, (size_t)(line + len - value)));
        line += len + (line[len] == '\n');
    }
    if (!apr_table_get(table, "Host"))
        apr_table_set(table, "Host", "dav.example");
    head.has_body = apr_table_get(table, "Content-Length") || apr_table_get(table, "Transfer-Encoding");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    return r;
}

static const char *key(struct exchange *x, const char *method, const char *target, const char *headers)
{
    struct dav_request *r = ask(x, method, target, headers);
    const char *text = dav_request_key(r);

    if (text) {
        assert_ptr_equal(dav_request_key(r), text);
        text = apr_pstrdup(x->pool, text);
    }
    dav_request_free(r);
    return text;
}

struct spelling {
    const char *method, *target, *headers;
};

#define TO "Destination: /new"

static void equivalent_spellings_have_the_same_key(void **state)
{
    static const struct {
        struct spelling a, b;
    } rows[] = {
        { { "DELETE", "/a", NULL }, { "DELETE", "/%61", NULL } },
        { { "DELETE", "/A%20b", NULL }, { "DELETE", "/%41%20b", NULL } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "/dir/", NULL } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "//dir", NULL } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "http://dav.example/dir", NULL } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "https://dav.example/dir?query", NULL } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "/dir", "Depth: infinity" } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "/dir", "Depth: Infinity\nUser-Agent: other" } },
        { { "DELETE", "/dir", NULL }, { "DELETE", "/dir", "Overwrite: F\nTimeout: Second-9" } },
        { { "DELETE", "/dir", "Host: one.example" }, { "DELETE", "/dir", "Host: two.example" } },
        { { "COPY", "/dir", TO }, { "COPY", "/dir", "Destination: /n%65w/" } },
        { { "COPY", "/dir", TO }, { "COPY", "/dir/", "Destination: https://DAV.example:443/new" } },
        { { "COPY", "/dir", TO }, { "COPY", "/dir", TO "\nOverwrite: T\nDepth: infinity" } },
        { { "COPY", "/dir", TO "\nOverwrite: F" }, { "COPY", "/dir", TO "\nOverwrite: f" } },
        { { "MOVE", "/a", TO "\nX-OC-Mtime: 5" }, { "MOVE", "/a", TO "\nX-OC-Mtime: 5.25" } },
        { { "PUT", "/a", "Content-Length: 1\nOC-Checksum: md5:9A0364B9E99BB480DD25E1F0284C8555" },
          { "PUT", "/a",
            "Content-Length: 1\nRepr-Digest: md5=:mgNkuembtIDdJeHwKEyFVQ==:, crc32c=:AAAAAA==:" } },
        { { "PUT", "/a", "Content-Length: 1\nIf-Match: \"x\",\"y\"" },
          { "PUT", "/a", "Content-Length: 1\nIf-Match: \"x\"\nIf-Match:   \"y\" ," } },
        { { "PUT", "/a", "Content-Length: 1\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT" },
          { "PUT", "/a", "Content-Length: 1\nIf-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT" } },
        { { "PUT", "/a", "Content-Length: 1" },
          { "PUT", "/a", "Content-Length: 1\nIf-Unmodified-Since: yesterday\nDepth: 0" } },
        { { "PUT", "/a", "Content-Length: 1" }, { "PUT", "/a", "Transfer-Encoding: chunked" } },
        { { "DELETE", "/a", "If: (<urn:x> [\"e\"])" }, { "DELETE", "/a", "If:  ( <urn:x>[\"e\"] ) " } },
        { { "DELETE", "/a", "If: </dir> (Not <urn:x>)" },
          { "DELETE", "/a", "If: <http://dav.example/d%69r/> (NOT <urn:x>)" } },
        { { "LOCK", "/a", NULL }, { "LOCK", "/a", "Timeout: garbage\nDepth: infinity" } },
        { { "LOCK", "/a", "Timeout: Second-60" }, { "LOCK", "/a", "Timeout: Extend, second-60" } },
        { { "UNLOCK", "/a", "Lock-Token: <urn:x>" }, { "UNLOCK", "/a", "Lock-Token: urn:x" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *a = key(*state, rows[i].a.method, rows[i].a.target, rows[i].a.headers);
        const char *b = key(*state, rows[i].b.method, rows[i].b.target, rows[i].b.headers);
        if (!a || !b || strcmp(a, b) != 0)
            fail_msg("row %zu: %s and %s", i, a ? a : "none", b ? b : "none");
    }
}

/* Each of these is another request than all the others. */
static void different_requests_have_different_keys(void **state)
{
    static const struct spelling rows[] = {
        { "DELETE", "/a", NULL },
        { "DELETE", "/dir", NULL },
        { "DELETE", "/DIR", NULL },
        { "DELETE", "/dir/m", NULL },
        { "DELETE", "/%FE", NULL },
        { "DELETE", "/%FF", NULL },
        { "DELETE", "/a", "User: u" },
        { "DELETE", "/a", "Depth: 0" },
        { "DELETE", "/a", "If-Match: \"x\"" },
        { "DELETE", "/a", "If-Match: \"x\", \"y\"" },
        { "DELETE", "/a", "If-Match: W/\"x\"" },
        { "DELETE", "/a", "If-Match: ," },
        { "DELETE", "/a", "If-None-Match: \"x\"" },
        { "DELETE", "/a", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT" },
        { "DELETE", "/a", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT" },
        { "DELETE", "/a", "If: (<urn:x>)" },
        { "DELETE", "/a", "If: (Not <urn:x>)" },
        { "DELETE", "/a", "If: (<urn:x> <urn:y>)" },
        { "DELETE", "/a", "If: (<urn:x>) (<urn:y>)" },
        { "DELETE", "/a", "If: </dir> (<urn:x>)" },
        { "DELETE", "/a", "If: <http://other.example/dir> (<urn:x>)" },
        { "DELETE", "/a", "If: ([\"urn:x\"])" },
        { "COPY", "/a", TO },
        { "MOVE", "/a", TO },
        { "COPY", "/a", "Destination: /other" },
        { "COPY", "/a", TO "\nOverwrite: F" },
        { "COPY", "/a", TO "\nDepth: 0" },
        { "COPY", "/a", TO "\nX-OC-Mtime: 5" },
        { "COPY", "/a", TO "\nX-OC-Mtime: 6" },
        { "PUT", "/a", "Content-Length: 1" },
        { "PUT", "/a", "Transfer-Encoding: chunked\nX-Expected-Entity-Length: 5" },
        { "PUT", "/a", "Content-Length: 1\nX-OC-Mtime: 5" },
        { "PUT", "/a", "Content-Length: 1\nOC-Checksum: MD5:9a0364b9e99bb480dd25e1f0284c8555" },
        { "PUT", "/a", "Content-Length: 1\nOC-Checksum: MD5:9a0364b9e99bb480dd25e1f0284c8556" },
        { "MKCOL", "/a", NULL },
        { "PROPPATCH", "/a", NULL },
        { "LOCK", "/a", NULL },
        { "LOCK", "/a", "Timeout: Second-5" },
        { "LOCK", "/a", "Depth: 0" },
        { "UNLOCK", "/a", "Lock-Token: <urn:x>" },
        { "UNLOCK", "/a", "Lock-Token: <urn:X>" },
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    const char *keys[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        keys[i] = key(*state, rows[i].method, rows[i].target, rows[i].headers);
        assert_non_null(keys[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(keys[i], keys[j]) == 0)
                fail_msg("rows %zu and %zu: %s", j, i, keys[i]);
    }
}

static void heads_that_are_refused_for_themselves_have_no_key(void **state)
{
    static const struct spelling rows[] = {
        { "GET", "/a", NULL },
        { "PROPFIND", "/a", NULL },
        { "OPTIONS", "*", NULL },
        { "BREW", "/a", NULL },
        { "DELETE", "/..", NULL },
        { "DELETE", "/.holdfast/x", NULL },
        { "DELETE", "/a", "Depth: 2" },
        { "DELETE", "/a", "If: (" },
        { "DELETE", "/a", "If-Match: " },
        { "DELETE", "/a", "Content-Length: 5" },
        { "DELETE", "/a", "Expect: other" },
        { "DELETE", "http://other.example/a", NULL },
        { "COPY", "/a", NULL },
        { "COPY", "/a", "Destination: new" },
        { "COPY", "/a", "Destination: /" },
        { "COPY", "/a", "Destination: /.holdfast-x" },
        { "COPY", "/a", "Destination: http://other.example/new" },
        { "COPY", "/a", TO "\nOverwrite: X" },
        { "COPY", "/a", TO "\n" TO },
        { "PUT", "/a", "Content-Length: x" },
        { "PUT", "/a", "Content-Length: 1\nTransfer-Encoding: chunked" },
        { "PUT", "/a", "Content-Length: 1\nContent-Range: bytes 0-0/1" },
        { "PUT", "/a/", "Content-Length: 1" },
        { "UNLOCK", "/a", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (key(*state, rows[i].method, rows[i].target, rows[i].headers))
            fail_msg("row %zu has a key", i);
}

static void a_read_only_server_gives_no_keys(void **state)
{
    const struct dav_config config = { .read_only = true };
    struct exchange *x = exchange_open(&config);
    (void)state;

    assert_null(key(x, "DELETE", "/a", NULL));
    exchange_close(x);
}

static void both_normal_forms_are_one_name(void **state)
{
    struct exchange *x = *state;
    static const char *const on_disk[] = { NULL, NFC, NFD };

    for (int i = 0; i < 3; i++) {
        if (on_disk[i])
            exchange_mkdir(x, on_disk[i]);
        assert_string_equal(key(x, "DELETE", "/" NFC "/x", NULL), key(x, "DELETE", "/" NFD "/x", NULL));
        assert_string_equal(key(x, "COPY", "/dir", "Destination: /" NFC),
                            key(x, "COPY", "/dir", "Destination: /" NFD));
        if (on_disk[i])
            assert_int_equal(rmdir(apr_pstrcat(x->pool, x->root, "/", on_disk[i], NULL)), 0);
    }
}

static void names_that_exist_in_both_forms_are_two(void **state)
{
    struct exchange *x = *state;

    exchange_write(x, NFC, "one");
    exchange_write(x, NFD, "two");
    exchange_mkdir(x, "dir/" NFC);
    exchange_write(x, "dir/" NFC "/" NFC, "one");
    exchange_write(x, "dir/" NFC "/" NFD, "two");
    assert_string_not_equal(key(x, "DELETE", "/" NFC, NULL), key(x, "DELETE", "/" NFD, NULL));
    assert_string_not_equal(key(x, "DELETE", "/dir/" NFD "/" NFC, NULL),
                            key(x, "DELETE", "/dir/" NFD "/" NFD, NULL));
    assert_string_equal(key(x, "DELETE", "/dir/" NFC "/" NFC, NULL),
                        key(x, "DELETE", "/dir/" NFD "/" NFC, NULL));
}

/* What is at the paths has changed by the first one: the second must still be known for the same. */
static void the_key_outlives_what_the_request_did(void **state)
{
    static const struct spelling rows[] = {
        { "MOVE", "/dir", TO },
        { "MOVE", "/" NFD, "Destination: /x" NFD },
        { "DELETE", "/a", NULL },
        { "MKCOL", "/c/", NULL },
        { "COPY", "/A%20b", "Destination: /dir2\nOverwrite: F" },
    };
    struct exchange *x = *state;

    exchange_write(x, NFC, "x");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *before = key(x, rows[i].method, rows[i].target, rows[i].headers);
        int status = exchange(x, rows[i].method, rows[i].target, rows[i].headers, NULL)->status;
        if (status / 100 != 2)
            fail_msg("row %zu: %d", i, status);
        const char *after = key(x, rows[i].method, rows[i].target, rows[i].headers);
        if (!before || !after || strcmp(before, after) != 0)
            fail_msg("row %zu: %s and then %s", i, before ? before : "none", after ? after : "none");
    }
}

static void four_methods_can_be_joined(void **state)
{
    static const struct {
        const char *method;
        bool joinable, changes;
    } rows[] = {
        { "COPY", true, true },       { "MOVE", true, true },      { "DELETE", true, true },
        { "PUT", true, true },        { "LOCK", false, true },     { "MKCOL", false, true },
        { "PROPPATCH", false, true }, { "UNLOCK", false, true },   { "GET", false, false },
        { "HEAD", false, false },     { "OPTIONS", false, false }, { "PROPFIND", false, false },
        { "BREW", false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dav_request *r = ask(*state, rows[i].method, "/a", TO);
        if (dav_is_joinable(r) != rows[i].joinable || dav_changes(r) != rows[i].changes)
            fail_msg("%s", rows[i].method);
        dav_request_free(r);
    }
}

/* ---- paths ---- */

static void paths_are_told_in_their_stored_spelling(void **state)
{
    struct exchange *x = *state;

    exchange_write(x, NFC, "x");
    struct dav_request *r = ask(x, "COPY", "/%63afe%CC%81", "Destination: /dir/./n");
    assert_string_equal(dav_request_paths(r).path, NFC);
    assert_null(dav_request_paths(r).dest);
    dav_request_free(r);
    r = ask(x, "COPY", "/dir/", "Destination: http://dav.example/n%20w");
    assert_string_equal(dav_request_paths(r).path, "dir");
    assert_string_equal(dav_request_paths(r).dest, "n w");
    dav_request_free(r);
    r = ask(x, "OPTIONS", "*", NULL);
    assert_null(dav_request_paths(r).path);
    assert_string_equal(dav_request_href(r, x->pool, "dir/n w"), "/dir/n%20w");
    assert_string_equal(dav_request_href(r, x->pool, ""), "/");
    dav_request_free(r);
}

/* "COPY /a /b" and the like. */
static struct dav_request *ask_line(struct exchange *x, const char *line)
{
    char *state, *text = apr_pstrdup(x->pool, line);
    const char *method = apr_strtok(text, " ", &state), *target = apr_strtok(NULL, " ", &state);
    const char *dest = apr_strtok(NULL, " ", &state);
    return ask(x, method, target, dest ? apr_pstrcat(x->pool, "Destination: ", dest, NULL) : NULL);
}

static void who_changes_what_others_are_about_touches_them(void **state)
{
    struct exchange *x = *state;
    static const struct {
        const char *one, *other;
        bool overwrites, touches;
    } rows[] = {
        { "PUT /dir/f", "PUT /dir/f", true, true },
        { "DELETE /dir", "PUT /dir/f", true, true },
        { "PUT /dir/f", "DELETE /dir", true, true },
        { "PUT /dir/f", "COPY /dir /copy", false, true },
        { "COPY /dir /copy", "PUT /dir/f", false, false },
        { "COPY /dir /copy", "COPY /dir /other", false, false },
        { "COPY /dir /copy", "COPY /dir /copy", true, true },
        { "MOVE /dir /moved", "COPY /dir /copy", false, true },
        { "MOVE /dir /moved", "PUT /moved", true, true },
        { "MKCOL /directory", "DELETE /dir", false, false },
        { "PROPPATCH /dir/f", "PUT /dir/f", true, true },
        { "LOCK /dir/f", "PUT /dir/f", false, false },
        { "UNLOCK /dir/f", "PUT /dir/f", false, false },
        { "PROPFIND /dir", "DELETE /dir", false, false },
        { "NONSENSE /dir", "DELETE /dir", false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dav_request *one = ask_line(x, rows[i].one), *other = ask_line(x, rows[i].other);
        if (dav_overwrites(one, other) != rows[i].overwrites || dav_touches(one, other) != rows[i].touches)
            fail_msg("%s and %s", rows[i].one, rows[i].other);
        dav_request_free(one);
        dav_request_free(other);
    }
}

/* ---- traces ---- */

static bool is_traced(struct dav_request *r, struct dav_trace *trace)
{
    struct dav_trace now;

    dav_request_trace(r, &now);
    bool same = memcmp(&now, trace, sizeof now) == 0;
    *trace = now;
    return same;
}

static void a_trace_tells_whether_anybody_touched_either_end(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r = ask(x, "MOVE", "/a", "Destination: /b");
    struct dav_trace trace;

    dav_run(r);
    dav_request_trace(r, &trace);
    assert_true(is_traced(r, &trace));
    exchange(x, "GET", "/b", NULL, NULL);
    exchange(x, "PUT", "/c", NULL, "elsewhere");
    assert_true(is_traced(r, &trace));
    exchange_write(x, "a", "new"); /* where the source was */
    assert_false(is_traced(r, &trace));
    assert_true(is_traced(r, &trace));
    assert_int_equal(exchange(x, "PUT", "/b", "X-OC-Mtime: 1000", "other")->status, 204);
    assert_false(is_traced(r, &trace));
    assert_int_equal(exchange(x, "PROPPATCH", "/b", NULL,
                              "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>"
                              "<x:p>1</x:p></D:prop></D:set></D:propertyupdate>")
                         ->status,
                     207);
    assert_false(is_traced(r, &trace));
    assert_int_equal(exchange(x, "DELETE", "/b", NULL, NULL)->status, 204);
    assert_false(is_traced(r, &trace));
    exchange_symlink(x, "nowhere", "b");
    assert_false(is_traced(r, &trace));
    assert_true(is_traced(r, &trace));
    dav_request_free(r);
}

static void what_cannot_be_looked_at_equals_nothing(void **state)
{
    struct exchange *x = *state;
    struct dav_trace trace;

    exchange_mkdir(x, "d");
    struct dav_request *r = ask(x, "DELETE", "/d/f", NULL);
    dav_request_trace(r, &trace);
    assert_true(is_traced(r, &trace)); /* missing */
    assert_int_equal(rmdir(apr_pstrcat(x->pool, x->root, "/d", NULL)), 0);
    assert_true(is_traced(r, &trace)); /* and with its parent, too */
    exchange_symlink(x, "/", "d");
    assert_false(is_traced(r, &trace));
    assert_false(is_traced(r, &trace));
    dav_request_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equivalent_spellings_have_the_same_key),
        TEST(different_requests_have_different_keys),
        TEST(heads_that_are_refused_for_themselves_have_no_key),
        cmocka_unit_test(a_read_only_server_gives_no_keys),
        TEST(both_normal_forms_are_one_name),
        TEST(names_that_exist_in_both_forms_are_two),
        TEST(the_key_outlives_what_the_request_did),
        TEST(four_methods_can_be_joined),
        TEST(paths_are_told_in_their_stored_spelling),
        TEST(who_changes_what_others_are_about_touches_them),
        TEST(a_trace_tells_whether_anybody_touched_either_end),
        TEST(what_cannot_be_looked_at_equals_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
