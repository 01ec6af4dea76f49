/*
 * COPY and MOVE: what they refuse, and that a destination is old or new.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

#define LOCKINFO                                                                                             \
    "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"                                   \
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"

static int set_up(void **state)
{
    struct exchange *x = exchange_open(NULL);

    *state = x;
    exchange_write(x, "file", "file");
    exchange_write(x, "other", "other");
    exchange_mkdir(x, "dir");
    exchange_mkdir(x, "dir/sub");
    exchange_write(x, "dir/a", "a");
    exchange_write(x, "dir/sub/b", "b");
    exchange_mkdir(x, "full");
    exchange_write(x, "full/old", "old");
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(exchange_strays(*state), 0);
    exchange_close(*state);
    return 0;
}

static const char *on_disk(struct exchange *x, const char *path)
{
    return apr_pstrcat(x->pool, x->root, "/", path, NULL);
}

/* `more`: further header lines, or NULL. */
static const struct answer *copymove(struct exchange *x, const char *method, const char *from, const char *to,
                                     const char *more)
{
    const char *headers = apr_pstrcat(x->pool, "Destination: ", to, more ? "\n" : "", more, NULL);

    return exchange(x, method, from, headers, NULL);
}

static void nonsense_is_refused_and_changes_nothing(void **state)
{
    static const struct {
        const char *from, *to, *more;
        int copy, move; /* status */
    } rows[] = {
        { "/file", "file2", NULL, 400, 400 },
        { "/file", "", NULL, 400, 400 },
        { "/file", "/a%zz", NULL, 400, 400 },
        { "/file", "/a%00", NULL, 400, 400 },
        { "/file", "/a%2Fb", NULL, 400, 400 },
        { "/file", "/../b", NULL, 400, 400 },
        { "/file", "/%2e%2e/b", NULL, 400, 400 },
        { "/file", "/b#part", NULL, 400, 400 },
        { "/file", "http://other.example/b", NULL, 502, 502 },
        { "/file", "https://dav.example:8443/b", NULL, 502, 502 },
        { "/file", "/b", "Overwrite: maybe", 400, 400 },
        { "/file", "/b", "Depth: many", 400, 400 },
        { "/dir", "/b", "Depth: 1", 400, 400 },
        { "/file", "/", NULL, 403, 403 },
        { "/file", "/.holdfast-b", NULL, 403, 403 },
        { "/file", "/.holdfast/b", NULL, 403, 403 },
        { "/none", "/b", NULL, 404, 404 },
        { "/file/", "/b", NULL, 404, 404 },
        { "/file", "/none/b", NULL, 409, 409 },
        { "/file", "/other/b", NULL, 409, 409 },
        { "/file", "/other", "Overwrite: F", 412, 412 },
        { "/file", "/full", "Overwrite: F", 412, 412 },
        { "/file", "/b", "If-Match: \"no\"", 412, 412 },
        { "/file", "/b", "If: ([\"no\"])", 412, 412 },
        { "/file", "/b", "If: (", 400, 400 },
        { "/file", "/file", NULL, 403, 403 },
        { "/file", "/%66ile", NULL, 403, 403 },
        { "/file", "http://DAV.example/file", NULL, 403, 403 },
        { "/file", "/filelink", NULL, 403, 403 },
        { "/filelink", "/file", NULL, 403, 403 },
        { "/dir", "/dir/", NULL, 403, 403 },
        { "/dir/a", "/dirlink/a", NULL, 403, 403 },
        { "/dir", "/dirlink/new", NULL, 403, 403 },
        { "/dirlink", "/dir/new", NULL, 403, 403 },
        { "/dir", "/dir/new", NULL, 403, 403 },
        { "/dir", "/dir/sub/new", NULL, 403, 403 },
        { "/dir/a", "/dir", NULL, 403, 403 },
        { "/dir/sub", "/dir", NULL, 403, 403 },
        { "/dirlink/sub", "/dir", NULL, 403, 403 },
        { "/", "/new", NULL, 403, 403 },
        { "/file", "/dangling", NULL, 403, 403 },
        { "/file", "/out", NULL, 403, 403 },
    };
    struct exchange *x = *state;

    exchange_symlink(x, "file", "filelink");
    exchange_symlink(x, "dir", "dirlink");
    exchange_symlink(x, "nowhere", "dangling");
    exchange_symlink(x, "/tmp", "out");
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        bool is_move = i % 2;
        const struct answer *a =
            copymove(x, is_move ? "MOVE" : "COPY", rows[i / 2].from, rows[i / 2].to, rows[i / 2].more);
        if (a->status != (is_move ? rows[i / 2].move : rows[i / 2].copy) || !a->early)
            fail_msg("%s to %s, %s: %d", rows[i / 2].from, rows[i / 2].to, is_move ? "MOVE" : "COPY",
                     a->status);
    }
    assert_int_equal(exchange(x, "COPY", "/file", NULL, NULL)->status, 400);
    assert_int_equal(exchange(x, "COPY", "/file", "Destination: /b", "body")->status, 415);
    assert_int_equal(copymove(x, "MOVE", "/dir", "/b", "Depth: 0")->status, 400);
    assert_string_equal(exchange_read(x, "file"), "file");
    assert_string_equal(exchange_read(x, "dir/sub/b"), "b");
    assert_string_equal(exchange_read(x, "full/old"), "old");
    assert_false(exchange_exists(x, "b"));
    assert_true(exchange_exists(x, "dangling"));
}

static void copy_of_a_file_is_201_then_204(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = copymove(x, "COPY", "/file", "/dir/c%20d", NULL);

    assert_int_equal(a->status, 201);
    assert_string_equal(answer_header(a, "Location"), "/dir/c%20d");
    assert_false(a->lasting);
    assert_string_equal(exchange_read(x, "dir/c d"), "file");
    assert_string_equal(exchange_read(x, "file"), "file");
    assert_int_equal(copymove(x, "COPY", "/file", "http://dav.example/other", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "other"), "file");
}

static void copy_of_a_tree_is_whole(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = copymove(x, "COPY", "/dir", "/new/", NULL);

    assert_int_equal(a->status, 201);
    assert_true(a->lasting);
    assert_string_equal(answer_header(a, "Location"), "/new/");
    assert_string_equal(exchange_read(x, "new/sub/b"), "b");
    assert_string_equal(exchange_read(x, "dir/sub/b"), "b");
}

static void shallow_copy_has_no_members(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(copymove(x, "COPY", "/dir", "/new", "Depth: 0")->status, 201);
    assert_true(exchange_exists(x, "new"));
    assert_false(exchange_exists(x, "new/a"));
    /* into itself there is no circle then */
    assert_int_equal(copymove(x, "COPY", "/dir", "/dir/new", "Depth: 0")->status, 201);
    assert_false(exchange_exists(x, "dir/new/a"));
}

static void any_kind_replaces_any_other(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(copymove(x, "COPY", "/dir", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full/a"), "a");
    assert_false(exchange_exists(x, "full/old")); /* a collection replaces, it does not merge */
    assert_int_equal(copymove(x, "COPY", "/file", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full"), "file");
    assert_int_equal(copymove(x, "COPY", "/dir", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full/sub/b"), "b");
    assert_int_equal(copymove(x, "MOVE", "/file", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full"), "file");
    assert_int_equal(copymove(x, "MOVE", "/dir", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full/sub/b"), "b");
    assert_false(exchange_exists(x, "dir"));
    assert_false(exchange_exists(x, "file"));
}

static void move_is_201_then_204_and_quick_lane(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = copymove(x, "MOVE", "/dir", "/new", "Overwrite: F");

    assert_int_equal(a->status, 201);
    assert_false(a->lasting); /* one rename */
    assert_string_equal(answer_header(a, "Location"), "/new/");
    assert_false(exchange_exists(x, "dir"));
    assert_string_equal(exchange_read(x, "new/sub/b"), "b");
    assert_int_equal(copymove(x, "MOVE", "/file", "/other", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "other"), "file");
    assert_int_equal(copymove(x, "MOVE", "/file", "/other", NULL)->status, 404);
}

static void content_mode_time_and_properties_are_kept(void **state)
{
    struct exchange *x = *state;
    struct stat from, to;
    char value[100] = "";

    chmod(on_disk(x, "file"), 0755);
    bool has_attr = setxattr(on_disk(x, "file"), FS_ATTR_NAME, "the properties", 14, 0) == 0;
    assert_int_equal(copymove(x, "COPY", "/file", "/copy", NULL)->status, 201);
    assert_int_equal(stat(on_disk(x, "file"), &from), 0);
    assert_int_equal(stat(on_disk(x, "copy"), &to), 0);
    assert_int_equal(to.st_mode & 07777, 0755);
    assert_int_equal(to.st_mtim.tv_sec, from.st_mtim.tv_sec);
    assert_int_equal(to.st_mtim.tv_nsec, from.st_mtim.tv_nsec);
    if (has_attr) {
        assert_int_equal(getxattr(on_disk(x, "copy"), FS_ATTR_NAME, value, sizeof value), 14);
        assert_string_equal(value, "the properties");
    }
    const char *etag = answer_header(exchange(x, "HEAD", "/file", NULL, NULL), "ETag");
    assert_string_not_equal(answer_header(exchange(x, "HEAD", "/copy", NULL, NULL), "ETag"), etag);
}

static void oc_mtime_is_applied_to_files(void **state)
{
    struct exchange *x = *state;
    static const char *const methods[] = { "COPY", "MOVE" };

    for (int i = 0; i < 2; i++) {
        const struct answer *a = copymove(x, methods[i], "/file", "/new", "X-OC-Mtime: 1234567890");
        assert_string_equal(answer_header(a, "X-OC-Mtime"), "accepted");
        a = exchange(x, "HEAD", "/new", NULL, NULL);
        assert_string_equal(answer_header(a, "Last-Modified"), "Fri, 13 Feb 2009 23:31:30 GMT");
    }
}

static void member_that_cannot_be_copied_is_named(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(mkfifo(on_disk(x, "dir/sub/pi pe"), 0644), 0);
    const struct answer *a = copymove(x, "COPY", "/dir", "/full", NULL);
    assert_int_equal(a->status, 207);
    assert_non_null(strstr(a->body, "/dir/sub/pi%20pe<"));
    assert_non_null(strstr(a->body, "403"));
    assert_string_equal(exchange_read(x, "full/sub/b"), "b");
    assert_false(exchange_exists(x, "full/old"));
    assert_int_equal(copymove(x, "COPY", "/dir/sub/pi%20pe", "/new", NULL)->status, 403);
}

static void links_are_copied_as_content_and_moved_as_links(void **state)
{
    struct exchange *x = *state;
    struct stat st;

    exchange_symlink(x, "file", "link");
    assert_int_equal(copymove(x, "COPY", "/link", "/copied", NULL)->status, 201);
    assert_int_equal(lstat(on_disk(x, "copied"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(copymove(x, "MOVE", "/link", "/moved", NULL)->status, 201);
    assert_int_equal(lstat(on_disk(x, "moved"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    /* a link at the destination is replaced itself */
    assert_int_equal(copymove(x, "COPY", "/other", "/moved", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "moved"), "other");
    assert_string_equal(exchange_read(x, "file"), "file");
}

/* ---- locks ---- */

static const char *lock(struct exchange *x, const char *target)
{
    const struct answer *a = exchange(x, "LOCK", target, NULL, LOCKINFO);

    assert_true(a->status == 200 || a->status == 201);
    return answer_header(a, "Lock-Token");
}

static void locked_destination_needs_its_token(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, "/other");
    static const char *const methods[] = { "COPY", "MOVE" };

    for (int i = 0; i < 2; i++) {
        const struct answer *a = copymove(x, methods[i], "/file", "/other", NULL);
        assert_int_equal(a->status, 423);
        assert_non_null(strstr(a->body, "/other"));
        a = copymove(x, methods[i], "/file", "/other", apr_psprintf(x->pool, "If: </other> (%s)", token));
        assert_int_equal(a->status, 204);
        /* the URL stays mapped, and locked (RFC 4918 7.6) */
        assert_int_equal(exchange(x, "PUT", "/other", NULL, "x")->status, 423);
    }
}

static void locked_source_can_be_copied_not_moved(void **state)
{
    struct exchange *x = *state;
    const char *token = lock(x, "/dir/a");

    assert_int_equal(copymove(x, "COPY", "/dir", "/copy", NULL)->status, 201);
    assert_int_equal(exchange(x, "PUT", "/copy/a", NULL, "free")->status, 204); /* locks are not copied */
    assert_int_equal(copymove(x, "MOVE", "/dir", "/moved", NULL)->status, 423);
    const char *header = apr_psprintf(x->pool, "If: </dir/a> (%s)", token);
    assert_int_equal(copymove(x, "MOVE", "/dir", "/moved", header)->status, 201);
    assert_int_equal(exchange(x, "PUT", "/moved/a", NULL, "free")->status, 204); /* nor moved */
}

/* FIELD C7: Office saves under a temporary name, then moves it over the unlocked target. */
static void token_of_the_source_alone_is_enough(void **state)
{
    struct exchange *x = *state;
    const char *header = apr_psprintf(x->pool, "If: (%s)", lock(x, "/file"));

    assert_int_equal(copymove(x, "MOVE", "/file", "/other", header)->status, 204);
}

static void locked_member_of_the_destination_keeps_it(void **state)
{
    struct exchange *x = *state;

    lock(x, "/full/old");
    assert_int_equal(copymove(x, "COPY", "/dir", "/full", NULL)->status, 423);
    assert_int_equal(copymove(x, "MOVE", "/dir", "/full", NULL)->status, 423);
    assert_string_equal(exchange_read(x, "full/old"), "old");
}

/* ---- two file systems in one folder ---- */

static void move_across_file_systems_is_copy_and_delete(void **state)
{
    struct exchange *x = *state;

    exchange_mkdir(x, "disk");
    if (mount("none", on_disk(x, "disk"), "tmpfs", 0, "size=4m") != 0)
        skip();
    exchange_write(x, "disk/old", "old");
    /* What was written in this very tick of the clock may count as written during the move. */
    usleep(20000);
    const struct answer *a = copymove(x, "MOVE", "/dir", "/disk/new", NULL);
    assert_int_equal(a->status, 201);
    assert_true(a->lasting);
    assert_false(exchange_exists(x, "dir"));
    assert_string_equal(exchange_read(x, "disk/new/sub/b"), "b");
    assert_int_equal(copymove(x, "MOVE", "/file", "/disk/old", "X-OC-Mtime: 1234567890")->status, 204);
    assert_false(exchange_exists(x, "file"));
    assert_string_equal(exchange_read(x, "disk/old"), "file");
    assert_int_equal(copymove(x, "MOVE", "/disk/new", "/full", NULL)->status, 204);
    assert_string_equal(exchange_read(x, "full/sub/b"), "b");
    assert_false(exchange_exists(x, "full/old"));
    assert_false(exchange_exists(x, "disk/new"));

    exchange_symlink(x, "other", "link");
    assert_int_equal(copymove(x, "MOVE", "/link", "/disk/link", NULL)->status, 403);
    assert_int_equal(mkfifo(on_disk(x, "full/fifo"), 0644), 0);
    a = copymove(x, "MOVE", "/full", "/disk/full", NULL);
    assert_int_equal(a->status, 207); /* one member cannot go, so none goes */
    assert_non_null(strstr(a->body, "/full/fifo"));
    assert_string_equal(exchange_read(x, "full/sub/b"), "b");
    assert_false(exchange_exists(x, "disk/full"));
}

static void full_disk_leaves_the_old_destination(void **state)
{
    struct exchange *x = *state;
    size_t size = 3000000;
    char *large = apr_palloc(x->pool, size + 1);

    memset(large, 'x', size);
    large[size] = '\0';
    exchange_mkdir(x, "disk");
    if (mount("none", on_disk(x, "disk"), "tmpfs", 0, "size=4m") != 0)
        skip();
    exchange_mkdir(x, "disk/old");
    exchange_write(x, "disk/old/a", "old");
    exchange_write(x, "large", large);
    exchange_write(x, "dir/one", large);
    exchange_write(x, "dir/two", large);
    static const char *const methods[] = { "COPY", "MOVE" };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(copymove(x, methods[i], "/dir", "/disk/old", NULL)->status, 507);
        assert_string_equal(exchange_read(x, "disk/old/a"), "old");
        assert_string_equal(exchange_read(x, "dir/sub/b"), "b");
        assert_int_equal(exchange_strays(x), 0);
    }
    assert_int_equal(copymove(x, "COPY", "/large", "/disk/large", NULL)->status, 201);
    const struct answer *a = copymove(x, "COPY", "/large", "/disk/second", NULL);
    assert_int_equal(a->status, 507);
    assert_true(a->early);
    a = exchange(x, "PUT", "/disk/second", "Transfer-Encoding: chunked", large);
    assert_int_equal(a->status, 507);
    assert_false(exchange_exists(x, "disk/second"));
    assert_int_equal(exchange(x, "PUT", "/disk/second", NULL, "small")->status, 201);
}

static int unmount_and_tear_down(void **state)
{
    umount2(on_disk(*state, "disk"), MNT_DETACH);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nonsense_is_refused_and_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copy_of_a_file_is_201_then_204, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copy_of_a_tree_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shallow_copy_has_no_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_kind_replaces_any_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(move_is_201_then_204_and_quick_lane, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_mode_time_and_properties_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(oc_mtime_is_applied_to_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(member_that_cannot_be_copied_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_copied_as_content_and_moved_as_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_destination_needs_its_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_source_can_be_copied_not_moved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(token_of_the_source_alone_is_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_member_of_the_destination_keeps_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(move_across_file_systems_is_copy_and_delete, set_up,
                                        unmount_and_tear_down),
        cmocka_unit_test_setup_teardown(full_disk_leaves_the_old_destination, set_up, unmount_and_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
