/*
 * Responses along an outline and without one say the same; bodies that are kept ask what they asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "webdav/locks.h"
#include "webdav/request.h"
#include "webdav/responder.h"

#define BODY(inner) "<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\">" inner "</D:propfind>"

/* Live properties of all kinds, some that files or collections do not have, and some that nobody has. */
static const char *const bodies[] = {
    "",
    BODY("<D:allprop/>"),
    BODY("<D:propname/>"),
    BODY("<D:prop/>"),
    BODY("<D:prop><D:getetag/></D:prop>"),
    BODY("<D:prop><D:displayname/><x:y/><D:getcontentlength/><D:resourcetype/><D:executable/></D:prop>"),
    BODY("<D:prop><x:y/><x:z/></D:prop>"),
    BODY("<D:prop><D:getcontentlength/><D:lockdiscovery/><D:supportedlock/></D:prop>"),
    BODY("<D:prop><D:quota-used-bytes/><D:getlastmodified/></D:prop>"),
    BODY("<D:allprop/><D:include><x:y/></D:include>"),
};

/* Names with every kind of character that must be escaped somewhere. */
static const char *const paths[] = {
    "",        "file.txt",       "dir", "dir/a b", "dir/<&>\"'", "dir/\xC3\xA4%", "dir/\xFF\x01",
    "dir/sub", "dir/sub/x.html",
};

static int set_up(void **state)
{
    struct exchange *x = exchange_open(NULL);
    exchange_mkdir(x, "dir");
    exchange_mkdir(x, "dir/sub");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (*paths[i] && strcmp(paths[i], "dir") != 0 && strcmp(paths[i], "dir/sub") != 0)
            exchange_write(x, paths[i], "0123456789");
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static struct dav_request *asking(struct exchange *x, const char *body)
{
    struct dav_head head = {
        .method = "PROPFIND", .target = "/", .headers = apr_table_make(x->pool, 2), .user = ""
    };
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_body(r, body, strlen(body));
    return r;
}

static struct asked *asked_of(struct exchange *x, const char *body)
{
    struct dav_request *r = asking(x, body);
    struct asked *asked = asked_read(r);
    assert_non_null(asked);
    dav_request_free(r);
    return asked;
}

static void write_all(struct exchange *x, const struct asked *asked, struct buffer *out)
{
    struct responder responder;
    responder_init(&responder, x->dav, asked, x->pool);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct fs_stat st;
        assert_int_equal(fs_stat(x->fs, paths[i], &st), 0);
        const struct response_entry entry = { .path = paths[i], .st = &st };
        responder_write(&responder, &entry, out);
    }
    responder_release(&responder);
}

/* Else others who use the disk would change what is compared. */
static int same_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    (void)fs, (void)path;
    *out_available = 1000;
    *out_used = 2000;
    return 0;
}

static void an_outline_changes_nothing(void **state)
{
    struct exchange *x = *state;
    const struct fs_ops *ops = x->fs->ops;
    struct fs_ops steady = *ops;
    steady.space = same_space;
    x->fs->ops = &steady;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct asked *asked = asked_of(x, bodies[i]);
        struct buffer plain, outlined;
        buffer_init(&plain, 1 << 20);
        buffer_init(&outlined, 1 << 20);
        write_all(x, asked, &plain);
        assert_false(asked->outlines[false].is_made);
        responder_outline(asked);
        assert_true(asked->outlines[false].is_made);
        assert_int_equal(asked->outlines[true].is_made, strstr(bodies[i], "quota") == NULL);
        write_all(x, asked, &outlined);
        assert_int_equal(outlined.size, plain.size);
        assert_memory_equal(outlined.data, plain.data, plain.size);
        buffer_release(&plain);
        buffer_release(&outlined);
        asked_release(asked);
    }
    x->fs->ops = ops;
}

/* Its own values, of properties that the outline has a place for. */
static void who_has_a_lock_or_dead_properties_is_not_written_along_it(void **state)
{
    struct exchange *x = *state;
    static const char lock[] =
        "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope><D:locktype>"
        "<D:write/></D:locktype></D:lockinfo>";
    static const char set[] = "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><D:displayname>renamed"
                              "</D:displayname></D:prop></D:set></D:propertyupdate>";
    assert_int_equal(exchange(x, "LOCK", "/dir/a%20b", NULL, lock)->status, 200);
    assert_int_equal(exchange(x, "PROPPATCH", "/dir/sub/x.html", NULL, set)->status, 207);
    for (int i = 0; i < 2; i++) { /* the second time the body is known */
        const struct answer *a = exchange(x, "PROPFIND", "/", "Depth: infinity", bodies[1]);
        const char *locked = strstr(a->body, "<D:activelock>"), *renamed = strstr(a->body, ">renamed<");
        assert_non_null(locked);
        assert_null(strstr(locked + 1, "<D:activelock>"));
        assert_non_null(renamed);
        assert_null(strstr(a->body, ">x.html<"));
    }
}

static void a_lock_is_told_where_it_lies_and_nowhere_else(void **state)
{
    struct exchange *x = *state;
    static const char *const targets[] = { "/", "/file.txt", "/dir/", "/dir/sub/x.html" };
    static const char body[] =
        "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope><D:locktype>"
        "<D:write/></D:locktype></D:lockinfo>";
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(exchange(x, "LOCK", targets[i], "Depth: 0", body)->status, 200);
        const struct answer *all = exchange(x, "PROPFIND", "/", "Depth: infinity", bodies[1]);
        const struct answer *one = exchange(x, "PROPFIND", targets[i], "Depth: 0", bodies[1]);
        size_t found = 0;
        for (const char *at = all->body; (at = strstr(at, "<D:activelock>")); at++)
            found++;
        assert_int_equal(found, i + 1);
        assert_non_null(strstr(one->body, "<D:activelock>"));
    }
}

static void a_body_is_known_by_its_bytes(void **state)
{
    struct exchange *x = *state;
    struct asked_store *store = asked_store_open();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct dav_request *r = asking(x, bodies[i]);
        assert_null(asked_recall(store, &r->body));
        struct asked *asked = asked_read(r);
        asked_keep(store, asked);
        assert_ptr_equal(asked_recall(store, &r->body), asked);
        asked_release(asked);
        asked_release(asked); /* what was recalled */
        dav_request_free(r);
    }
    struct dav_request *r = asking(x, BODY("<D:allprop/> "));
    assert_null(asked_recall(store, &r->body));
    dav_request_free(r);
    asked_store_close(store);
}

static void long_bodies_are_not_kept(void **state)
{
    struct exchange *x = *state;
    struct asked_store *store = asked_store_open();
    char *blanks = apr_palloc(x->pool, 2001);
    memset(blanks, ' ', 2000);
    blanks[2000] = '\0';
    struct dav_request *r = asking(x, apr_pstrcat(x->pool, bodies[1], blanks, NULL));
    struct asked *asked = asked_read(r);
    asked_keep(store, asked);
    assert_null(asked_recall(store, &r->body));
    asked_release(asked);
    dav_request_free(r);
    asked_store_close(store);
}

/* Two bodies of one place in the store: whoever holds the displaced one goes on with it. */
static void what_is_displaced_lives_as_long_as_it_is_held(void **state)
{
    struct exchange *x = *state;
    struct asked_store *store = asked_store_open();
    struct asked *held = asked_of(x, bodies[4]);
    responder_outline(held);
    asked_keep(store, held);
    for (int i = 0; i < 1000; i++) {
        struct asked *other = asked_of(x, apr_psprintf(x->pool, BODY("<D:prop><x:p%d/></D:prop>"), i));
        asked_keep(store, other);
        asked_release(other);
    }
    struct buffer out;
    buffer_init(&out, 1 << 20);
    write_all(x, held, &out);
    assert_true(out.size > 0);
    buffer_release(&out);
    asked_release(held);
    asked_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_outline_changes_nothing),
        TEST(who_has_a_lock_or_dead_properties_is_not_written_along_it),
        TEST(a_lock_is_told_where_it_lies_and_nowhere_else),
        TEST(a_body_is_known_by_its_bytes),
        TEST(long_bodies_are_not_kept),
        TEST(what_is_displaced_lives_as_long_as_it_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
