/*
 * Dead properties that the file system has no room for, as requests to a server: on a file system that keeps no
 * attributes, and too large ones on one that does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/fs_mem.h"
#include "tests/support/multistatus_reader.h"
#include "tests/support/support.h"
#include "webdav/access.h"
#include "webdav/request.h"
#include "webdav/state.h"

#define LARGE 100000

static struct exchange *open_without_attributes(void)
{
    struct fs *fs;
    assert_int_equal(fs_mem_open(&fs), 0);
    fs_mem_quirks(fs, FS_MEM_NO_ATTRS);
    return exchange_open_on(fs, NULL);
}

static int setup_without(void **context)
{
    *context = open_without_attributes();
    return 0;
}

static int setup_with(void **context)
{
    *context = exchange_open(NULL);
    return 0;
}

static int teardown(void **context)
{
    exchange_close(*context);
    return 0;
}

/* ---- requests ---- */

static int put(struct exchange *x, const char *target)
{
    return exchange(x, "PUT", target, NULL, "content")->status;
}

static const struct answer *patch(struct exchange *x, const char *target, const char *steps)
{
    const char *body = apr_pstrcat(x->pool, "<D:propertyupdate xmlns:D='DAV:' xmlns:x='urn:x'>", steps,
                                   "</D:propertyupdate>", NULL);
    return exchange(x, "PROPPATCH", target, NULL, body);
}

/* Sets x:NAME to a text. */
static void set(struct exchange *x, const char *target, const char *name, const char *text)
{
    const struct answer *a =
        patch(x, target,
              apr_psprintf(x->pool, "<D:set><D:prop><x:%s>%s</x:%s></D:prop></D:set>", name, text, name));
    assert_int_equal(prop_status(a, target, "urn:x", name), 200);
}

static void unset(struct exchange *x, const char *target, const char *name)
{
    const struct answer *a =
        patch(x, target, apr_psprintf(x->pool, "<D:remove><D:prop><x:%s/></D:prop></D:remove>", name));
    assert_int_equal(prop_status(a, target, "urn:x", name), 200);
}

/* The text of x:NAME; "" if there is none. */
static const char *get(struct exchange *x, const char *target, const char *name)
{
    const char *body = apr_psprintf(
        x->pool, "<D:propfind xmlns:D='DAV:' xmlns:x='urn:x'><D:prop><x:%s/></D:prop></D:propfind>", name);
    const struct answer *a = exchange(x, "PROPFIND", target, "Depth: 0", body);
    int status = prop_status(a, target, "urn:x", name);
    assert_true(status == 200 || status == 404);
    return status == 200 ? prop_text(a, target, "urn:x", name) : "";
}

static int go(struct exchange *x, const char *method, const char *from, const char *to)
{
    return exchange(x, method, from, apr_pstrcat(x->pool, "Destination: ", to, NULL), NULL)->status;
}

static const char *large(struct exchange *x, char letter)
{
    char *text = apr_pcalloc(x->pool, LARGE + 1);
    memset(text, letter, LARGE);
    return text;
}

static bool has_rows(struct exchange *x, const char *tree)
{
    bool exist;
    assert_int_equal(state_prop_exist(x->dav->state, tree, &exist), 0);
    return exist;
}

/* d/a, d/sub/b and d itself, each with its property. */
static void make_tree(struct exchange *x)
{
    exchange(x, "MKCOL", "/d", NULL, NULL);
    exchange(x, "MKCOL", "/d/sub", NULL, NULL);
    put(x, "/d/a");
    put(x, "/d/sub/b");
    set(x, "/d/", "p", "of d");
    set(x, "/d/a", "p", "of a");
    set(x, "/d/sub/b", "p", "of b");
}

/* ---- one resource ---- */

static void they_are_kept_where_the_file_system_keeps_none(void **context)
{
    struct exchange *x = *context;
    put(x, "/f");
    set(x, "/f", "p", "one");
    set(x, "/f", "q", "two");
    set(x, "/f", "p", "three");
    exchange_restart(x);
    assert_string_equal(get(x, "/f", "p"), "three");
    assert_string_equal(get(x, "/f", "q"), "two");
    const struct answer *a = exchange(x, "PROPFIND", "/f", "Depth: 0", NULL);
    assert_int_equal(prop_status(a, "/f", "urn:x", "p"), 200);
    a = exchange(x, "PROPFIND", "/", "Depth: 1", "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>");
    assert_int_equal(prop_status(a, "/f", "urn:x", "q"), 200);
    unset(x, "/f", "p");
    assert_string_equal(get(x, "/f", "p"), "");
    unset(x, "/f", "q");
    assert_false(has_rows(x, NULL));
}

static void a_property_goes_into_the_database_and_back_as_its_size_wants(void **context)
{
    struct exchange *x = *context;
    char value[100];
    struct fs_dir *dir;
    size_t len;
    put(x, "/f");
    set(x, "/f", "small", "1");
    assert_int_equal(fs_dir_open(x->fs, "", &dir), 0);
    assert_false(has_rows(x, NULL));
    set(x, "/f", "large", large(x, 'x'));
    assert_true(has_rows(x, "f"));
    assert_int_equal(fs_get_attr(dir, "f", value, sizeof(value), &len), ENODATA);
    assert_string_equal(get(x, "/f", "small"), "1");
    assert_int_equal(strlen(get(x, "/f", "large")), LARGE);
    unset(x, "/f", "large");
    assert_false(has_rows(x, NULL));
    assert_int_equal(fs_get_attr(dir, "f", value, sizeof(value), &len), 0);
    assert_string_equal(get(x, "/f", "small"), "1");
    fs_dir_close(dir);
}

static int broken(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    (void)dir, (void)name, (void)meta;
    return EROFS;
}

/* The times cannot be set, so the properties are as before: in the attribute, or in the database. */
static void what_fails_later_takes_them_back(void **context)
{
    static const char both[] = "<D:set><D:prop><x:p>%s</x:p><D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT"
                               "</D:getlastmodified></D:prop></D:set>";
    struct exchange *x = *context;
    const struct fs_ops *sound = x->fs->ops;
    struct fs_ops failing = *sound;
    failing.set_meta = broken;
    put(x, "/f");
    for (int was_large = 0; was_large < 2; was_large++) {
        set(x, "/f", "p", was_large ? large(x, 'o') : "old");
        x->fs->ops = &failing;
        patch(x, "/f", apr_psprintf(x->pool, both, was_large ? "new" : large(x, 'n')));
        x->fs->ops = sound;
        assert_int_equal(has_rows(x, NULL), was_large);
        assert_int_equal(get(x, "/f", "p")[0], 'o');
    }
}

static void too_many_are_507_and_change_nothing(void **context)
{
    struct exchange *x = *context;
    put(x, "/f");
    for (int i = 0; i < 10; i++)
        set(x, "/f", apr_psprintf(x->pool, "p%d", i), large(x, 'x'));
    const struct answer *a = patch(
        x, "/f", apr_psprintf(x->pool, "<D:set><D:prop><x:over>%s</x:over></D:prop></D:set>", large(x, 'y')));
    assert_int_equal(prop_status(a, "/f", "urn:x", "over"), 507);
    assert_string_equal(get(x, "/f", "over"), "");
    assert_int_equal(strlen(get(x, "/f", "p9")), LARGE);
}

/* ---- trees ---- */

static void a_put_over_a_file_keeps_them(void **context)
{
    struct exchange *x = *context;
    put(x, "/f");
    set(x, "/f", "p", large(x, 'v'));
    assert_int_equal(put(x, "/f"), 204);
    assert_int_equal(strlen(get(x, "/f", "p")), LARGE);
    /* a digest that would be kept as a property in the attribute does not hide them */
    const char *digest = "OC-Checksum: SHA1:040f06fd774092478d450774f5ba30c5da78acc8";
    assert_int_equal(exchange(x, "PUT", "/f", digest, "content")->status, 204);
    assert_int_equal(strlen(get(x, "/f", "p")), LARGE);
}

static void a_move_takes_them_along(void **context)
{
    struct exchange *x = *context;
    make_tree(x);
    put(x, "/dust"); /* sorts between d and d/ in no order */
    set(x, "/dust", "p", "of dust");
    assert_int_equal(go(x, "MOVE", "/d/", "/e/"), 201);
    assert_string_equal(get(x, "/e/", "p"), "of d");
    assert_string_equal(get(x, "/e/sub/b", "p"), "of b");
    assert_string_equal(get(x, "/dust", "p"), "of dust");
    assert_false(has_rows(x, "d"));
    make_tree(x); /* over a tree, whose rows go */
    set(x, "/d/a", "p", "of another a");
    unset(x, "/d/sub/b", "p");
    assert_int_equal(go(x, "MOVE", "/d/", "/e/"), 204);
    assert_string_equal(get(x, "/e/a", "p"), "of another a");
    assert_string_equal(get(x, "/e/sub/b", "p"), "");
}

static void a_copy_has_them_too(void **context)
{
    struct exchange *x = *context;
    make_tree(x);
    assert_int_equal(go(x, "COPY", "/d/", "/e/"), 201);
    set(x, "/d/a", "p", "changed");
    assert_string_equal(get(x, "/e/", "p"), "of d");
    assert_string_equal(get(x, "/e/a", "p"), "of a");
    assert_string_equal(get(x, "/e/sub/b", "p"), "of b");
    assert_int_equal(go(x, "COPY", "/d/a", "/e/a"), 204);
    assert_string_equal(get(x, "/e/a", "p"), "changed");
    put(x, "/plain");
    assert_int_equal(go(x, "COPY", "/plain", "/e/a"), 204);
    assert_string_equal(get(x, "/e/a", "p"), "");
    assert_int_equal(exchange(x, "COPY", "/d/", "Destination: /shallow/\nDepth: 0", NULL)->status, 201);
    assert_string_equal(get(x, "/shallow/", "p"), "of d");
    assert_false(has_rows(x, "shallow/a"));
    assert_int_equal(exchange(x, "COPY", "/d/", "Destination: /e/\nOverwrite: F", NULL)->status, 412);
    assert_false(has_rows(x, "/staged"));
}

static void a_copy_that_fails_leaves_them_as_they_were(void **context)
{
    struct exchange *x = *context;
    make_tree(x);
    put(x, "/f");
    set(x, "/f", "p", "of f");
    for (int to_new = 0; to_new < 2; to_new++) {
        fs_mem_fail(x->fs, FS_MEM_FILE_COPY, 1, ENOSPC);
        assert_int_equal(go(x, "COPY", "/d/a", to_new ? "/new" : "/f"), 507);
        fs_mem_fail(x->fs, to_new ? FS_MEM_FILE_LINK : FS_MEM_RENAME, 1, EIO);
        assert_int_equal(go(x, "COPY", "/d/a", to_new ? "/new" : "/f"), 500);
        assert_true(fs_mem_revive(x->fs));
        assert_false(has_rows(x, "/staged"));
        assert_false(has_rows(x, "new"));
    }
    fs_mem_fail(x->fs, FS_MEM_RENAME, 1, EIO);
    assert_int_equal(go(x, "MOVE", "/d/a", "/f"), 500);
    fs_mem_fail(x->fs, FS_MEM_RENAME, 1, EIO);
    assert_int_equal(exchange(x, "DELETE", "/d/", NULL, NULL)->status, 500);
    assert_true(fs_mem_revive(x->fs));
    assert_string_equal(get(x, "/f", "p"), "of f");
    assert_string_equal(get(x, "/d/a", "p"), "of a");
    exchange_restart(x);
    assert_string_equal(get(x, "/f", "p"), "of f");
    assert_string_equal(get(x, "/d/a", "p"), "of a");
}

static void a_delete_drops_them(void **context)
{
    struct exchange *x = *context;
    make_tree(x);
    assert_int_equal(exchange(x, "DELETE", "/d/sub/b", NULL, NULL)->status, 204);
    assert_string_equal(get(x, "/d/a", "p"), "of a");
    assert_int_equal(exchange(x, "DELETE", "/d/", NULL, NULL)->status, 204);
    assert_false(has_rows(x, NULL));
}

/* Somebody removed the thing behind our back; what comes in its place has no properties. */
static void what_is_new_has_none(void **context)
{
    struct exchange *x = *context;
    struct fs_dir *dir;
    assert_int_equal(fs_dir_open(x->fs, "", &dir), 0);
    for (int i = 0; i < 3; i++) {
        put(x, "/f");
        set(x, "/f", "p", large(x, 'v'));
        assert_int_equal(fs_unlink(dir, "f"), 0);
        if (i == 0)
            assert_int_equal(put(x, "/f"), 201);
        else if (i == 1)
            assert_int_equal(exchange(x, "MKCOL", "/f", NULL, NULL)->status, 201);
        else
            assert_int_equal(exchange(x, "LOCK", "/f", NULL,
                                      "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:shared/></D:lockscope>"
                                      "<D:locktype><D:write/></D:locktype></D:lockinfo>")
                                 ->status,
                             201);
        assert_false(has_rows(x, NULL));
        if (i < 2)
            exchange(x, "DELETE", "/f", NULL, NULL);
    }
    fs_dir_close(dir);
}

/* ---- crashes ---- */

/* As propstore_shift leaves it when the process dies before the rename, or after. */
static void interrupt(struct exchange *x, const char *from, const char *to, bool is_done)
{
    struct state_shift shift = { .source = from, .dest = to };
    assert_int_equal(state_shift_put(x->dav->state, &shift), 0);
    if (is_done) {
        struct fs_dir *dir;
        assert_int_equal(fs_dir_open(x->fs, "", &dir), 0);
        assert_int_equal(*to ? fs_rename(dir, from, dir, to, FS_REPLACE) : fs_unlink(dir, from), 0);
        fs_dir_close(dir);
    }
    exchange_restart(x);
}

static void the_next_start_ends_what_a_crash_interrupted(void **context)
{
    struct exchange *x = *context;
    put(x, "/f");
    put(x, "/g");
    set(x, "/f", "p", "of f");
    set(x, "/g", "p", "of g");
    interrupt(x, "f", "g", false);
    assert_string_equal(get(x, "/f", "p"), "of f");
    assert_string_equal(get(x, "/g", "p"), "of g");
    interrupt(x, "f", "g", true);
    assert_string_equal(get(x, "/g", "p"), "of f");
    assert_false(has_rows(x, "f"));
    interrupt(x, "g", "", false);
    assert_string_equal(get(x, "/g", "p"), "of f");
    interrupt(x, "g", "", true);
    assert_false(has_rows(x, NULL));
}

static void a_copy_that_was_not_published_leaves_nothing(void **context)
{
    struct exchange *x = *context;
    struct thing made;
    put(x, "/f");
    set(x, "/f", "p", "of f");
    put(x, "/g");
    set(x, "/g", "p", "of g");
    assert_int_equal(state_prop_copy(x->dav->state, "f", true, "/staged/0"), 0);
    struct state_shift shift = { .source = "/staged/0", .dest = "g", .made = { .ino = 12345 } };
    assert_int_equal(state_shift_put(x->dav->state, &shift), 0);
    exchange_restart(x);
    assert_string_equal(get(x, "/g", "p"), "of g");
    assert_false(has_rows(x, "/staged"));
    assert_int_equal(thing_at(x->fs, "g", &made), 0); /* now it was */
    assert_int_equal(state_prop_copy(x->dav->state, "f", true, "/staged/0"), 0);
    shift.made = made;
    assert_int_equal(state_shift_put(x->dav->state, &shift), 0);
    exchange_restart(x);
    assert_string_equal(get(x, "/g", "p"), "of f");
}

/* More members than are looked at in one go. */
static void a_copy_has_no_rows_of_what_may_not_be_read(void **context)
{
    enum { MEMBERS = 510 };
    struct exchange *x = *context;
    char path[64];
    exchange(x, "MKCOL", "/d", NULL, NULL);
    exchange(x, "MKCOL", "/d/no", NULL, NULL);
    exchange(x, "MKCOL", "/d/no/yes", NULL, NULL);
    for (int i = 0; i < MEMBERS; i++) {
        snprintf(path, sizeof path, "/d/%s%d", i % 2 ? "no/" : "", i);
        put(x, path);
        set(x, path, "p", "kept");
    }
    put(x, "/d/no/yes/f");
    set(x, "/d/no/yes/f", "p", "kept");
    struct access *access = access_new();
    assert_null(access_add(access, "", "/ ** write"));
    assert_null(access_add(access, "", "/d/no ** none"));
    assert_null(access_add(access, "", "/d/no/yes ** read"));
    dav_set_access(x->dav, access);
    assert_int_equal(exchange(x, "COPY", "/d", "Destination: /e", NULL)->status, 201);
    dav_set_access(x->dav, NULL);
    for (int i = 0; i < MEMBERS; i++) {
        snprintf(path, sizeof path, "e/%s%d", i % 2 ? "no/" : "", i);
        assert_int_equal(has_rows(x, path), i % 2 == 0);
    }
    assert_string_equal(get(x, "/e/no/yes/f", "p"), "kept");
    assert_string_equal(get(x, "/e/508", "p"), "kept");
}

static void an_attribute_goes_before_rows(void **context)
{
    struct exchange *x = *context;
    put(x, "/f");
    set(x, "/f", "p", "attribute");
    const struct state_prop row = { .ns = "urn:x", .name = "p", .markup = "<x:p xmlns:x='urn:x'>row</x:p>" };
    assert_int_equal(state_prop_put(x->dav->state, "f", &row, 1), 0);
    exchange_restart(x);
    assert_string_equal(get(x, "/f", "p"), "attribute");
    unset(x, "/f", "p"); /* and the row does not come to light */
    assert_string_equal(get(x, "/f", "p"), "");
}

#define WITHOUT(name) cmocka_unit_test_setup_teardown(name, setup_without, teardown)
#define WITH(name)    cmocka_unit_test_setup_teardown(name, setup_with, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITHOUT(they_are_kept_where_the_file_system_keeps_none),
        WITHOUT(a_move_takes_them_along),
        WITHOUT(a_copy_has_them_too),
        WITHOUT(a_copy_that_fails_leaves_them_as_they_were),
        WITHOUT(a_delete_drops_them),
        WITHOUT(the_next_start_ends_what_a_crash_interrupted),
        WITHOUT(a_copy_that_was_not_published_leaves_nothing),
        WITHOUT(a_copy_has_no_rows_of_what_may_not_be_read),
        WITHOUT(a_put_over_a_file_keeps_them),
        WITHOUT(what_is_new_has_none),
        WITHOUT(too_many_are_507_and_change_nothing),
        WITH(a_property_goes_into_the_database_and_back_as_its_size_wants),
        WITH(what_fails_later_takes_them_back),
        WITH(an_attribute_goes_before_rows),
        WITH(a_put_over_a_file_keeps_them),
        WITH(what_is_new_has_none),
        WITH(too_many_are_507_and_change_nothing),
    };
    return cmocka_run_group_tests_name("propstore", tests, NULL, NULL);
}
