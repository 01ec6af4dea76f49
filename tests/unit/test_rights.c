/*
 * What the rules mean for requests. ann may write in /, may read /ro and knows nothing of /secret; bob may do everything;
 * nobody may only read /ro.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exchange.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"
#include "webdav/access.h"

#define NFC "caf%C3%A9"
#define NFD "cafe%CC%81"

#define LOCK_BODY                                                                                            \
    "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"                                 \
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"
#define PATCH_BODY                                                                                           \
    "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><x "                                                  \
    "xmlns=\"u:\"/></D:prop></D:set></D:propertyupdate>"

static const char *const rules[] = {
    "/ * write",     "/ro * read",         "/secret * none",        "/secret bob write",
    "/ro bob write", "/deep/in/no * none", "/deep/in/no bob write", "/caf\xC3\xA9 ann none",
    "/ro - read",
};

static void give_rules(struct exchange *x)
{
    struct access *access = access_new();

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_null(access_add(access, "", rules[i]));
    assert_null(access_add_home(access, "", "/home"));
    dav_set_access(x->dav, access);
}

static int set_up(void **state)
{
    static const char *const folders[] = { "pub",         "ro",           "ro/sub",        "secret",
                                           "secret/sub",  "deep",         "deep/in",       "deep/in/no",
                                           "deep/in/yes", "cafe\xCC\x81", "deep/in/no/sub" };
    static const char *const files[] = {
        "f",      "pub/f",        "ro/f",          "ro/sub/f",         "secret/f",      "secret/sub/f",
        "deep/f", "deep/in/no/f", "deep/in/yes/f", "deep/in/no/sub/f", "cafe\xCC\x81/f"
    };
    static const char *const links[][2] = {
        { "../secret", "pub/l" },
        { "../secret/f", "pub/lf" },
        { "../secret/none", "pub/dangling" },
        { "../ro", "pub/lro" },
        { "../secret", "ro/l" },
        { "../pub", "secret/lpub" },
        { "../secret/sub", "deep/ls" },
        { "../secret/gone/f", "pub/gone" },
    };
    const struct dav_config config = { .can_log_in = true };
    struct exchange *x = exchange_open(&config);

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        exchange_mkdir(x, folders[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        exchange_write(x, files[i], "content");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        exchange_symlink(x, links[i][0], links[i][1]);
    give_rules(x);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static const struct answer *ask(struct exchange *x, const char *user, const char *method, const char *target,
                                const char *headers)
{
    const char *body = NULL;

    if (strcmp(method, "PUT") == 0)
        body = "new";
    else if (strcmp(method, "LOCK") == 0)
        body = LOCK_BODY;
    else if (strcmp(method, "PROPPATCH") == 0)
        body = PATCH_BODY;
    return exchange_full(x, user, method, target, headers, body, body ? strlen(body) : 0);
}

static int write_header(void *text, const char *name, const char *value)
{
    char **end = text;

    *end += sprintf(*end, "%s: %s\n", name, value);
    return 1;
}

/* All that a client could tell two answers apart by. */
static const char *whole(struct exchange *x, const struct answer *a)
{
    char *text = apr_palloc(x->pool, 65536 + a->size), *end = text;

    end += sprintf(end, "%d early %d close %d\n", a->status, a->early, a->close);
    apr_table_do(write_header, &end, a->headers, NULL);
    sprintf(end, "%s", a->body ? a->body : "");
    return text;
}

static const char *const methods[] = { "OPTIONS", "GET",    "HEAD", "PROPFIND", "PUT",
                                       "DELETE",  "MKCOL",  "COPY", "MOVE",     "PROPPATCH",
                                       "LOCK",    "UNLOCK", "BREW" };
#define METHODS (sizeof methods / sizeof *methods)

static bool names_destination(const char *method)
{
    return strcmp(method, "COPY") == 0 || strcmp(method, "MOVE") == 0;
}

static const char *plain_headers(const char *method)
{
    return names_destination(method) ? "Destination: /pub/new" : "Lock-Token: <opaquelocktoken:x>";
}

/* The hrefs of a listing, sorted. */
static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *list(struct exchange *x, const char *user, const char *target, const char *depth)
{
    const struct answer *a = ask(x, user, "PROPFIND", target, apr_pstrcat(x->pool, "Depth: ", depth, NULL));
    const char *found[100], *all = "";
    size_t count = 0;

    assert_int_equal(a->status, 207);
    for (const char *at = a->body; (at = strstr(at, "<D:response><D:href>")); count++) {
        at += strlen("<D:response><D:href>");
        found[count] = apr_pstrmemdup(x->pool, at, strcspn(at, "<"));
    }
    qsort(found, count, sizeof *found, compare_texts);
    for (size_t i = 0; i < count; i++)
        all = apr_pstrcat(x->pool, all, i ? " " : "", found[i], NULL);
    return all;
}

/* What is there, and what is not. */
static void what_may_not_be_read_looks_as_if_it_were_not_there(void **state)
{
    static const char *const pairs[][2] = {
        { "/secret", "/home/bob" },
        { "/secret/", "/home/bob/" },
        { "/secret/f", "/secret/none" },
        { "/secret/f/", "/secret/none/" },
        { "/secret/sub", "/secret/none" },
        { "/secret/sub/", "/secret/none/" },
        { "/secret/f", "/secret/none/x/y" },
        { "/secret/sub/f", "/secret/none/f" },
        { "/secret/%66", "/secret/%6e" },
        { "/%73ecret/f", "/%73ecret/none" },
        { "//secret//f", "//secret//none" },
        { "/secret/lpub/f", "/secret/none" },
        { "/deep/in/no/f", "/deep/in/no/none" },
        { "/" NFC "/f", "/" NFC "/none" },
        { "/" NFD "/f", "/" NFD "/none" },
        { "/pub/l", "/secret/none" },
        { "/pub/l/f", "/pub/l/none" },
        { "/pub/l/sub/f", "/pub/l/none/f" },
        { "/pub/l/sub/", "/pub/l/none/" },
        { "/pub/lf", "/pub/dangling" },
        { "/pub/lf/", "/pub/dangling/" },
        { "/pub/lf", "/pub/gone" },
        { "/pub/lf/x", "/pub/gone/x" },
        { "/ro/l/f", "/ro/l/none" },
    };
    static const char *const users[] = { "ann", "" };
    struct exchange *x = *state;

    for (size_t i = 0; i < 2 * METHODS * (sizeof pairs / sizeof *pairs); i++) {
        const char *user = users[i % 2], *method = methods[i / 2 % METHODS];
        const char *const *pair = pairs[i / 2 / METHODS];
        const struct answer *a = ask(x, user, method, pair[0], plain_headers(method));
        const char *there = whole(x, a),
                   *missing = whole(x, ask(x, user, method, pair[1], plain_headers(method)));
        if (strcmp(there, missing) != 0)
            fail_msg("%s \"%s\" %s: %s\nbut %s: %s", method, user, pair[0], there, pair[1], missing);
        int status = strcmp(method, "BREW") == 0 ? 501 : *user ? 404 : 401;
        if (a->status != status)
            fail_msg("%s \"%s\" %s: %s", method, user, pair[0], there);
    }
    assert_string_equal(exchange_read(x, "secret/f"), "content");
    assert_false(exchange_exists(x, "secret/none"));
}

static void a_hidden_destination_looks_like_any(void **state)
{
    static const char *const pairs[][2] = {
        { "/secret/f", "/secret/none" },      { "/secret/sub", "/secret/non" },
        { "/pub/l/f", "/pub/l/g" },           { "/pub/l/sub/f", "/pub/l/bus/f" },
        { "/secret/sub/x", "/secret/non/x" }, { "/" NFD "/f", "/" NFD "/g" },
        { "/" NFC "/f", "/" NFC "/g" },       { "/pub/lf", "/pub/dx" },
        { "/secret/sub/", "/secret/non/" },
    };
    static const char *const overwrites[] = { "", "\nOverwrite: F" };
    static const char *const users[] = { "ann", "" };
    struct exchange *x = *state;

    exchange_symlink(x, "../secret/no", "pub/dx");
    for (size_t i = 0; i < 8 * (sizeof pairs / sizeof *pairs); i++) {
        const char *method = i & 1 ? "COPY" : "MOVE", *overwrite = overwrites[i / 2 & 1],
                   *user = users[i / 4 & 1];
        const char *const *pair = pairs[i / 8], *told[2];
        for (int j = 0; j < 2; j++) {
            const char *headers = apr_pstrcat(x->pool, "Destination: ", pair[j], overwrite, NULL);
            const struct answer *a = ask(x, user, method, *user ? "/pub/f" : "/ro/f", headers);
            if (a->status != (*user ? 403 : 401))
                fail_msg("%s \"%s\" to %s: %d", method, user, pair[j], a->status);
            told[j] = whole(x, a);
            char *href = strstr(told[j], pair[j]); /* what was asked for is told again */
            if (href)
                memset(href, '*', strlen(pair[j]));
        }
        size_t both = strlen(told[0]) < strlen(told[1]) ? strlen(told[0]) : strlen(told[1]);
        if (strlen(pair[0]) == strlen(pair[1]) ? strcmp(told[0], told[1]) != 0 : both == 0)
            fail_msg("%s to %s: %s\nbut %s: %s", method, pair[0], told[0], pair[1], told[1]);
    }
}

static void give(struct exchange *x, const char *const *given, size_t count)
{
    struct access *access = access_new();

    for (size_t i = 0; i < count; i++)
        assert_null(access_add(access, "", given[i]));
    dav_set_access(x->dav, access);
}

/* A file where a collection would be passed. */
static void a_file_on_the_way_is_not_there(void **state)
{
    static const char *const given[] = { "/f/in ann read", "/deep/f/in ann read", "/none/in ann read",
                                         "/deep/in ann read" };
    struct exchange *x = *state;

    give(x, given, sizeof given / sizeof *given);
    for (size_t i = 0; i < METHODS; i++) {
        const char *headers = plain_headers(methods[i]);
        assert_string_equal(whole(x, ask(x, "ann", methods[i], "/f", headers)),
                            whole(x, ask(x, "ann", methods[i], "/none", headers)));
    }
    assert_int_equal(ask(x, "ann", "GET", "/f", NULL)->status, 404);
    assert_string_equal(list(x, "ann", "/", "infinity"),
                        "/ /deep/ /deep/in/ /deep/in/no/ /deep/in/no/f /deep/in/no/sub/ "
                        "/deep/in/no/sub/f /deep/in/yes/ /deep/in/yes/f");
}

/* Nor is any time spent on it that would depend on what is there. */
static void the_disk_is_not_asked(void **state)
{
    static const char *const given[] = { "/ * write", "/secret * none", "/caf\xC3\xA9 * none" };
    static const struct {
        const char *target, *headers[2]; /* of what is there and what is not */
        bool asks;
    } rows[] = {
        { "/secret/f", { NULL }, false },
        { "/secret/x", { NULL }, false },
        { "/" NFC "/f", { NULL }, false },
        { "/" NFD "/f", { NULL }, false },
        { "/f", { "Destination: /secret/f", "Destination: /secret/x" }, true },
        { "/f", { "Destination: /" NFD "/" NFD, "Destination: /" NFD "/x" NFD }, true },
        { "/f", { "If: </secret/f> ([\"x\"])", "If: </secret/x> ([\"x\"])" }, true },
        { "/f", { "If: </" NFD "/" NFD "> ([\"x\"])", "If: </" NFD "/x" NFD "> ([\"x\"])" }, true },
    };
    struct exchange *y;
    struct fs *fs;
    (void)state;

    assert_int_equal(fs_mem_open(&fs), 0);
    support_fs_write(fs, "f", "x");
    support_fs_mkdir(fs, "secret");
    support_fs_write(fs, "secret/f", "x");
    support_fs_mkdir(fs, "cafe\xCC\x81");
    support_fs_write(fs, "cafe\xCC\x81/cafe\xCC\x81", "x");
    y = exchange_open_on(fs, NULL);
    give(y, given, sizeof given / sizeof *given);
    for (size_t i = 0; i < sizeof rows / sizeof *rows * METHODS; i++) {
        const char *method = methods[i % METHODS], *const *headers = rows[i / METHODS].headers;
        unsigned calls[2];
        if (rows[i / METHODS].asks &&
            (names_destination(method) != (headers[0][0] == 'D') || method[0] == 'D'))
            continue;
        for (int again = 0; again < 4; again++) { /* some remember what they saw the first time */
            int k = again % 2;
            fs_mem_fail(fs, FS_MEM_ANY, 0, 0);
            int status = ask(y, "ann", method, rows[i / METHODS].target, headers[k])->status;
            assert_true(rows[i / METHODS].asks || status == 404 || status == 501);
            calls[k] = fs_mem_calls(fs, FS_MEM_ANY);
        }
        if (calls[0] != calls[1] || (calls[0] != 0) != rows[i / METHODS].asks)
            if (strcmp(method, "BREW") != 0)
                fail_msg("%s %s %s: %u and %u calls", method, rows[i / METHODS].target,
                         headers[0] ? headers[0] : "", calls[0], calls[1]);
    }
    exchange_close(y);
}

/* As long as nobody has them: what is hidden is neither there, nor changed, nor locked. */
static void conditions_on_what_is_hidden_do_not_hold(void **state)
{
    struct exchange *x = *state;
    const char *etag = answer_header(ask(x, "bob", "HEAD", "/secret/f", NULL), "ETag");
    const char *token = answer_header(ask(x, "bob", "LOCK", "/secret/f", NULL), "Lock-Token");
    static const char *const forms[] = { "If: </secret/f> ([%s])", "If: </secret/f> (%s)",
                                         "If: </pub/lf> ([%s])", "If: </pub/lf> (%s)",
                                         "If: </pub/l/f> ([%s])" };

    assert_true(*etag && *token);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char headers[300];
        snprintf(headers, sizeof headers, forms[i], strchr(forms[i], '[') ? etag : token);
        assert_int_equal(ask(x, "ann", "PUT", "/pub/f", headers)->status, 412);
        if (i < 2)
            assert_int_equal(ask(x, "bob", "PUT", "/pub/f", headers)->status, 204);
    }
}

static void reading_is_not_changing(void **state)
{
    static const struct {
        const char *method, *target, *dest;
        int status;
        const char *told;
    } rows[] = {
        { "GET", "/ro/f", NULL, 200, NULL },
        { "PROPFIND", "/ro/f", NULL, 207, NULL },
        { "GET", "/ro/none", NULL, 404, NULL },
        { "COPY", "/ro/f", "/pub/copy", 201, NULL },
        { "PUT", "/ro/f", NULL, 403, "<D:href>/ro/f</D:href><D:privilege><D:write/>" },
        { "PUT", "/ro/new", NULL, 403, "<D:href>/ro/new</D:href><D:privilege><D:write/>" },
        { "DELETE", "/ro/f", NULL, 403, "need-privileges" },
        { "DELETE", "/ro/sub", NULL, 403, "<D:href>/ro/sub/</D:href>" },
        { "DELETE", "/ro", NULL, 403, "<D:href>/ro/</D:href>" },
        { "MKCOL", "/ro/new", NULL, 403, "need-privileges" },
        { "PROPPATCH", "/ro/f", NULL, 403, "need-privileges" },
        { "LOCK", "/ro/f", NULL, 403, "need-privileges" },
        { "LOCK", "/ro/new", NULL, 403, "need-privileges" },
        { "UNLOCK", "/ro/f", NULL, 403, "need-privileges" },
        { "MOVE", "/ro/f", "/pub/g", 403, "<D:href>/ro/f</D:href>" },
        { "COPY", "/pub/f", "/ro/new", 403, "<D:href>/ro/new</D:href><D:privilege><D:bind/>" },
        { "COPY", "/pub/f", "/ro/f", 403, "need-privileges" },
        { "MOVE", "/pub/f", "/ro/sub/x", 403, "need-privileges" },
        { "PUT", "/pub/lro/f", NULL, 403, "need-privileges" }, /* through a link */
        { "PUT", "/pub/lro/new", NULL, 403, "need-privileges" },
        { "MKCOL", "/pub/lro/new", NULL, 403, "need-privileges" },
        { "COPY", "/pub/f", "/pub/lro/new", 403, "need-privileges" },
        { "PUT", "/ro/lpub/f", NULL, 403,
          "need-privileges" },                            /* nor from where one may not to where one may */
        { "PUT", "/home", NULL, 403, "need-privileges" }, /* where one may only pass */
        { "PUT", "/home/f", NULL, 404, NULL },
        { "MKCOL", "/home/new", NULL, 404, NULL },
        /* what a rule names stays where it is, also for who may write in it */
        { "DELETE", "/home/ann", NULL, 403, "<D:href>/home/</D:href><D:privilege><D:unbind/>" },
        { "MOVE", "/home/ann", "/pub/mine", 403, "<D:href>/home/</D:href>" },
        /* trees with something in them that may not be changed */
        { "DELETE", "/deep", NULL, 403, "<D:href>/deep/</D:href><D:privilege><D:write/>" },
        { "DELETE", "/deep/in", NULL, 403, "need-privileges" },
        { "MOVE", "/deep", "/pub/deep", 403, "need-privileges" },
        { "LOCK", "/deep", NULL, 403, "need-privileges" },
        { "COPY", "/pub", "/deep", 403, "need-privileges" },
        { "COPY", "/pub/f", "/deep/in", 403, "need-privileges" },
        { "DELETE", "/deep/in/yes", NULL, 204, NULL },
        { "DELETE", "/deep/f", NULL, 204, NULL },
        { "PUT", "/home/ann/f", NULL, 201, NULL },
        { "PUT", "/pub/f", NULL, 204, NULL },
        { "MOVE", "/pub/f", "/pub/g", 201, NULL },
        { "MKCOL", "/pub/new", NULL, 201, NULL },
        { "DELETE", "/pub/lf", NULL, 404, NULL }, /* the link is its target's for these purposes */
    };
    struct exchange *x = *state;

    exchange_symlink(x, "../pub", "ro/lpub");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *headers = rows[i].dest ? apr_pstrcat(x->pool, "Destination: ", rows[i].dest, NULL)
                                           : plain_headers(rows[i].method);
        const struct answer *a = ask(x, "ann", rows[i].method, rows[i].target, headers);
        if (a->status != rows[i].status || (rows[i].told && !strstr(a->body, rows[i].told)))
            fail_msg("%s %s: %d %s", rows[i].method, rows[i].target, a->status, a->body);
        if (a->status == 403 && strstr(a->body, "secret"))
            fail_msg("%s %s tells %s", rows[i].method, rows[i].target, a->body);
    }
    assert_string_equal(exchange_read(x, "ro/f"), "content");
    assert_string_equal(exchange_read(x, "deep/in/no/f"), "content");
    assert_true(exchange_exists(x, "pub/lf"));
}

static void nobody_is_asked_for_a_name(void **state)
{
    struct exchange *x = *state;
    const struct dav_config nobody_can = { .can_log_in = false };

    assert_int_equal(ask(x, "", "GET", "/ro/f", NULL)->status, 200);
    assert_int_equal(ask(x, "", "GET", "/ro/none", NULL)->status, 404);
    assert_int_equal(ask(x, "", "PUT", "/ro/f", NULL)->status, 401);
    assert_int_equal(ask(x, "", "GET", "/pub/f", NULL)->status, 401);
    assert_int_equal(ask(x, "", "OPTIONS", "/", NULL)->status, 200); /* on the way to /ro */
    assert_int_equal(ask(x, "", "OPTIONS", "/pub", NULL)->status, 401);
    assert_int_equal(ask(x, "", "PUT", "/new", NULL)->status, 401);

    struct exchange *y = exchange_open(&nobody_can);
    give_rules(y);
    exchange_mkdir(y, "ro");
    exchange_mkdir(y, "pub");
    assert_int_equal(ask(y, "", "GET", "/pub", NULL)->status, 404);
    assert_int_equal(ask(y, "", "PUT", "/ro/f", NULL)->status, 403);
    exchange_close(y);
}

static void listings_have_what_may_be_read(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(list(x, "ann", "/", "1"), "/ /deep/ /f /pub/ /ro/");
    assert_string_equal(list(x, "ann", "/deep", "infinity"),
                        "/deep/ /deep/f /deep/in/ /deep/in/yes/ /deep/in/yes/f");
    assert_string_equal(list(x, "ann", "/pub", "infinity"),
                        "/pub/ /pub/f /pub/lro/ /pub/lro/f /pub/lro/sub/ /pub/lro/sub/f");
    assert_string_equal(list(x, "ann", "/ro", "infinity"), "/ro/ /ro/f /ro/sub/ /ro/sub/f");
    assert_string_equal(list(x, "", "/", "infinity"), "/ /ro/ /ro/f /ro/sub/ /ro/sub/f");
    assert_string_equal(list(x, "ann", "/home", "infinity"), "/home/ /home/ann/");
    assert_string_equal(list(x, "ann", "/", "1"), "/ /deep/ /f /home/ /pub/ /ro/");
    assert_string_equal(list(x, "bob", "/home", "1"), "/home/ /home/bob/");
    assert_string_equal(list(x, "ann", "/home", "1"), "/home/ /home/ann/");
    assert_string_equal(
        list(x, "bob", "/secret", "infinity"),
        "/secret/ /secret/f /secret/lpub/ /secret/lpub/f /secret/lpub/l/ /secret/lpub/lf /secret/lpub/lro/ "
        "/secret/lpub/lro/f /secret/lpub/lro/l/ /secret/lpub/lro/sub/ /secret/lpub/lro/sub/f /secret/sub/ "
        "/secret/sub/f");

    exchange_symlink(x, "../deep", "pub/ld"); /* what is below it has another name than the rules say */
    assert_string_equal(list(x, "ann", "/pub/ld/in", "infinity"),
                        "/pub/ld/in/ /pub/ld/in/yes/ /pub/ld/in/yes/f");

    const struct answer *page = ask(x, "ann", "GET", "/", NULL);
    assert_int_equal(page->status, 200);
    assert_non_null(strstr(page->body, "pub/"));
    assert_null(strstr(page->body, "secret"));
    page = ask(x, "ann", "GET", "/pub/", NULL);
    assert_non_null(strstr(page->body, "lro"));
    assert_null(strstr(page->body, "lf"));
}

static void copies_have_what_may_be_read(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(ask(x, "ann", "COPY", "/deep", "Destination: /copy")->status, 201);
    assert_string_equal(list(x, "bob", "/copy", "infinity"),
                        "/copy/ /copy/f /copy/in/ /copy/in/yes/ /copy/in/yes/f");
    assert_int_equal(ask(x, "ann", "COPY", "/pub", "Destination: /copy2")->status, 201);
    assert_string_equal(list(x, "bob", "/copy2", "infinity"),
                        "/copy2/ /copy2/f /copy2/lro/ /copy2/lro/f /copy2/lro/sub/ /copy2/lro/sub/f");
    exchange_symlink(x, "../deep", "pub/ld");
    assert_int_equal(ask(x, "ann", "COPY", "/pub/ld/in", "Destination: /copy4")->status, 201);
    assert_true(exchange_exists(x, "copy4/yes/f"));
    assert_false(exchange_exists(x, "copy4/no"));
    assert_int_equal(ask(x, "bob", "COPY", "/deep", "Destination: /copy3")->status, 201);
    assert_true(exchange_exists(x, "copy3/in/no/sub/f"));
    assert_true(exchange_exists(x, "copy3/ls/f"));
}

static void home_folders_are_made_when_they_are_touched(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(ask(x, "ann", "GET", "/home/bob", NULL)->status, 404);
    assert_int_equal(ask(x, "", "GET", "/home", NULL)->status, 401);
    assert_int_equal(ask(x, "ann", "GET", "/pub", NULL)->status, 200);
    assert_false(exchange_exists(x, "home"));
    assert_int_equal(ask(x, "ann", "PUT", "/home/ann/f", NULL)->status, 201);
    assert_true(exchange_exists(x, "home/ann/f"));
    assert_false(exchange_exists(x, "home/bob"));
    assert_int_equal(ask(x, "bob", "PROPFIND", "/home", NULL)->status, 207);
    assert_true(exchange_exists(x, "home/bob"));
    assert_int_equal(ask(x, "caf\xC3\xA9", "PUT", "/home/" NFD "/f", NULL)->status, 201);
    assert_true(exchange_exists(x, "home/caf\xC3\xA9/f"));
    assert_int_equal(ask(x, "a/b", "GET", "/home/a", NULL)->status, 404);
    assert_int_equal(ask(x, "..", "GET", "/home/x", NULL)->status, 404);
}

static void locks_in_the_way_are_named(void **state)
{
    struct exchange *x = *state;
    struct access *access = access_new();

    exchange_mkdir(x, "secret/sub/open");
    exchange_write(x, "secret/sub/open/f", "x");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_null(access_add(access, "", rules[i]));
    assert_null(access_add(access, "", "/secret/sub/open ann write"));
    dav_set_access(x->dav, access);

    assert_int_equal(ask(x, "bob", "LOCK", "/pub/f", "Depth: 0")->status, 200);
    const struct answer *a = ask(x, "ann", "PUT", "/pub/f", NULL);
    assert_int_equal(a->status, 423);
    assert_non_null(strstr(a->body, "<D:href>/pub/f</D:href>"));
    assert_int_equal(ask(x, "bob", "LOCK", "/secret/sub/f", "Depth: 0")->status, 200);
    assert_int_equal(ask(x, "ann", "PUT", "/secret/sub/open/f", NULL)->status, 204);

    /* somebody else's, where one may not look, is in nobody's way */
    assert_int_equal(ask(x, "bob", "LOCK", "/deep/in/no/f", "Depth: 0")->status, 200);
    assert_int_equal(ask(x, "ann", "DELETE", "/deep", NULL)->status, 403);
    assert_int_equal(ask(x, "ann", "LOCK", "/deep", NULL)->status, 403);
    assert_int_equal(ask(x, "ann", "LOCK", "/deep", "Depth: 0")->status, 200);
    assert_int_equal(ask(x, "ann", "LOCK", "/deep/in/yes", NULL)->status, 200);
}

static uint64_t count_members(struct exchange *x, const char *user)
{
    const atomic_bool in_vain = false;
    apr_pool_t *pool = dav_pool_new(x->dav);
    apr_table_t *headers = apr_table_make(pool, 2);
    const struct dav_head head = {
        .pool = pool, .method = "COPY", .target = "/deep", .user = user, .headers = headers
    };

    apr_table_set(headers, "Destination", "/pub/copy");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    assert_true(dav_has_unknown_total(r));
    dav_count(r, &in_vain);
    uint64_t count = atomic_load(&dav_request_progress(r)->members_total);
    dav_request_free(r);
    return count;
}

static void progress_counts_what_may_be_read(void **state)
{
    assert_int_equal(count_members(*state, "ann"), 5); /* deep, f, in, yes, f */
    assert_int_equal(count_members(*state, "bob"), 11);
}

static const char *allow(struct exchange *x, const char *user, const char *target)
{
    const struct answer *a = ask(x, user, "OPTIONS", target, NULL);

    assert_int_equal(a->status, 200);
    return apr_pstrcat(x->pool, answer_header(a, "DAV"), " | ", answer_header(a, "Allow"), NULL);
}

static void options_tell_what_is_allowed(void **state)
{
    struct exchange *x = *state;

    assert_string_equal(
        allow(x, "ann", "/pub/f"),
        "1, 2, 3 | OPTIONS, GET, HEAD, PROPFIND, PUT, DELETE, COPY, MOVE, PROPPATCH, LOCK, UNLOCK");
    assert_string_equal(allow(x, "ann", "/ro/f"), "1, 3 | OPTIONS, GET, HEAD, PROPFIND, COPY");
    assert_string_equal(allow(x, "ann", "/ro/none"), "1, 3 | OPTIONS");
    assert_string_equal(allow(x, "ann", "/deep"),
                        "1, 2, 3 | OPTIONS, GET, HEAD, PROPFIND, COPY, PROPPATCH, LOCK, UNLOCK");
    assert_string_equal(allow(x, "ann", "/home"), "1, 2, 3 | OPTIONS, GET, HEAD, PROPFIND, COPY");
    assert_string_equal(allow(x, "", "/"), "1, 3 | OPTIONS, GET, HEAD, PROPFIND, COPY");
    const struct answer *a = ask(x, "ann", "OPTIONS", "*", NULL);
    assert_int_equal(a->status, 200);
}

#define READ_SET                                                                                             \
    "<D:privilege><D:read/></D:privilege><D:privilege><D:read-current-user-privilege-set/></D:privilege>"
#define WRITE_SET                                                                                            \
    "<D:privilege><D:write/></D:privilege><D:privilege><D:write-content/></"                                 \
    "D:privilege><D:privilege><D:write-properties/></D:privilege>"
#define BIND_SET "<D:privilege><D:bind/></D:privilege><D:privilege><D:unbind/></D:privilege>"

static void privileges(struct exchange *x, const char *user, const char *target, const char *depth,
                       const char *href, const char *want)
{
    static const char body[] =
        "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:current-user-privilege-set/></D:prop></D:propfind>";
    const struct answer *a = exchange_full(x, user, "PROPFIND", target,
                                           apr_pstrcat(x->pool, "Depth: ", depth, NULL), body, strlen(body));
    const char *wanted =
        apr_pstrcat(x->pool, "<D:href>", href, "</D:href><D:propstat><D:prop><D:current-user-privilege-set>",
                    want, "</D:current-user-privilege-set></D:prop>", NULL);

    if (a->status != 207 || !strstr(a->body, wanted))
        fail_msg("%s: %d %s\nwant %s", href, a->status, a->body, wanted);
}

static void privileges_are_told_truly(void **state)
{
    struct exchange *x = *state;

    privileges(x, "ann", "/pub/f", "0", "/pub/f", READ_SET WRITE_SET);
    privileges(x, "ann", "/pub", "0", "/pub/", READ_SET WRITE_SET BIND_SET);
    privileges(x, "ann", "/ro", "0", "/ro/", READ_SET);
    privileges(x, "ann", "/", "infinity", "/ro/sub/f", READ_SET);
    privileges(x, "ann", "/", "infinity", "/pub/lro/sub/f", READ_SET);
    privileges(x, "ann", "/", "infinity", "/deep/in/yes/f", READ_SET WRITE_SET);
    privileges(x, "bob", "/", "infinity", "/ro/sub/f", READ_SET WRITE_SET);
    privileges(x, "", "/", "1", "/ro/", READ_SET);
    dav_set_access(x->dav, NULL);
    privileges(x, "", "/", "1", "/ro/", READ_SET WRITE_SET BIND_SET);

    const struct dav_config config = { .read_only = true };
    struct exchange *y = exchange_open(&config);
    privileges(y, "ann", "/", "0", "/", READ_SET);
    exchange_close(y);
}

/* The request is begun, then the rules change, then its turn comes. `now` NULL: none are left. */
static int status_after(struct exchange *x, const char *method, const char *target, const char *dest,
                        const char *now)
{
    struct dav_head head = {
        .method = method, .target = target, .headers = apr_table_make(x->pool, 2), .user = "ann"
    };
    struct access *access = now ? access_new() : NULL;

    give_rules(x);
    apr_table_setn(head.headers, "Host", "x");
    if (dest)
        apr_table_setn(head.headers, "Destination", dest);
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    assert_int_equal(dav_request_reply(r)->status, 0);
    if (now) {
        assert_null(access_add(access, "", "/ * write"));
        assert_null(access_add(access, "", now));
    }
    dav_set_access(x->dav, access);
    dav_run(r);
    int status = dav_request_reply(r)->status;
    dav_cleanup(r);
    dav_request_free(r);
    return status;
}

static void what_waits_goes_by_the_rules_of_its_beginning(void **state)
{
    struct exchange *x = *state;
    static const struct {
        const char *method, *target, *dest, *now;
        int status;
    } rows[] = {
        { "COPY", "/deep", "/a", "/deep * none", 403 },
        { "COPY", "/f", "/a", "/f * none", 403 },
        { "COPY", "/f", "/a", "/a * read", 403 },
        { "COPY", "/f", "/pub/a", "/pub * read", 403 },
        { "COPY", "/f", "/pub/a", "/pub/a/b * none", 403 },
        { "MOVE", "/f", "/a", "/f * read", 403 },
        { "MOVE", "/deep/in/yes", "/a", "/deep/in/yes/f * read", 403 },
        { "DELETE", "/pub/f", NULL, "/pub * read", 403 },
        { "MKCOL", "/pub/new", NULL, "/pub * read", 403 },
        { "COPY", "/f", "/a", "/ro * read", 201 },
        { "COPY", "/f", "/b", NULL, 201 },
        { "MOVE", "/a", "/c", "/ro * write", 201 },
        { "DELETE", "/c", NULL, "/ro * write", 204 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = status_after(x, rows[i].method, rows[i].target, rows[i].dest, rows[i].now);
        if (status != rows[i].status)
            fail_msg("%s %s with %s: %d", rows[i].method, rows[i].target, rows[i].now, status);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_may_not_be_read_looks_as_if_it_were_not_there),
        TEST(a_hidden_destination_looks_like_any),
        TEST(a_file_on_the_way_is_not_there),
        TEST(the_disk_is_not_asked),
        TEST(conditions_on_what_is_hidden_do_not_hold),
        TEST(reading_is_not_changing),
        TEST(nobody_is_asked_for_a_name),
        TEST(listings_have_what_may_be_read),
        TEST(copies_have_what_may_be_read),
        TEST(home_folders_are_made_when_they_are_touched),
        TEST(locks_in_the_way_are_named),
        TEST(progress_counts_what_may_be_read),
        TEST(options_tell_what_is_allowed),
        TEST(privileges_are_told_truly),
        TEST(what_waits_goes_by_the_rules_of_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
