/*
 * The tree above several folders: what it holds, that nothing can be done to it, and how clients see it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/lobby.h"
#include "fs/walk.h"
#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"

static const char *const paths[] = { "projects", "staff/ann", "staff/bob's files", "projects" };

struct world {
    struct fs *fs;
    struct exchange *x;
};

static int set_up(void **state)
{
    const struct dav_config config = { .read_only = true, .finite_depth = true, .leads_on = true };
    struct world *world = calloc(1, sizeof *world);

    assert_int_equal(lobby_open(paths, sizeof paths / sizeof *paths, &world->fs), 0);
    world->x = exchange_open_on(world->fs, &config);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    exchange_close(world->x);
    free(world);
    return 0;
}

/* ---- the tree ---- */

static void it_has_the_paths_and_what_is_above_them(void **state)
{
    struct fs *fs = ((struct world *)*state)->fs;
    static const char *const there[] = { "", "projects", "staff", "staff/ann", "staff/bob's files" };
    static const char *const missing[] = {
        "p", "projectsx", "projects/x", "staf", "staff/an", "ann", "staff/"
    };
    struct fs_stat st, last = { .ino = 0 };
    char real[FS_PATH_MAX + 1];
    int fd;

    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        assert_int_equal(fs_stat(fs, there[i], &st), 0);
        assert_int_equal(st.type, FS_DIR);
        assert_int_not_equal(st.ino, last.ino);
        last = st;
        assert_int_equal(fs_real_path(fs, there[i], real, sizeof real), 0);
        assert_string_equal(real, there[i]);
        assert_int_equal(fs_real_path(fs, there[i], real, strlen(there[i])), ENAMETOOLONG);
        assert_int_equal(fs_open(fs, there[i], &fd, &st), EISDIR);
    }
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        struct fs_dir *dir;
        assert_int_equal(fs_stat(fs, missing[i], &st), ENOENT);
        assert_int_equal(fs_real_path(fs, missing[i], real, sizeof real), ENOENT);
        assert_int_equal(fs_open(fs, missing[i], &fd, &st), ENOENT);
        assert_int_equal(fs_dir_open(fs, missing[i], &dir), ENOENT);
    }
}

static void it_is_walked_like_any_other(void **state)
{
    struct fs *fs = ((struct world *)*state)->fs;
    static const char *const expected[] = { "", "projects", "staff", "staff/ann", "staff/bob's files" };
    struct walk_entry entry;
    unsigned seen = 0;
    struct walk *walk;
    enum walk_event event;

    assert_int_equal(walk_open(fs, "", WALK_FOLLOW, 9, &walk), 0);
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        assert_int_not_equal(event, WALK_FAILED);
        for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
            if (event == WALK_ENTER && strcmp(entry.path, expected[i]) == 0)
                seen |= 1u << i;
    }
    walk_close(walk);
    assert_int_equal(seen, 0x1f);
}

static void its_directories_lead_down_and_up(void **state)
{
    struct fs *fs = ((struct world *)*state)->fs;
    struct fs_dir *root, *staff, *ann, *up;
    struct fs_stat st, other;
    const char *name;
    size_t len;
    int fd;

    assert_int_equal(fs_dir_open(fs, "", &root), 0);
    assert_int_equal(fs_dir_enter(root, "staff", &staff), 0);
    assert_int_equal(fs_dir_enter(root, "ann", &ann), ENOENT);
    assert_int_equal(fs_dir_enter(staff, "ann", &ann), 0);
    assert_int_equal(fs_dir_up(ann, &up), 0);
    assert_int_equal(fs_stat_at(up, "", &st), 0);
    assert_int_equal(fs_stat_at(root, "staff", &other), 0);
    assert_int_equal(st.ino, other.ino);
    assert_int_equal(fs_stat_at(root, "ann", &st), ENOENT);
    assert_int_equal(fs_open_at(root, "staff", &fd, &st), EISDIR);
    assert_int_equal(fs_open_at(root, "none", &fd, &st), ENOENT);
    assert_int_equal(fs_get_attr(root, "staff", NULL, 0, &len), ENODATA);
    assert_int_equal(fs_get_attr(root, "none", NULL, 0, &len), ENOENT);

    assert_int_equal(fs_dir_next(staff, &name), 0);
    assert_string_equal(name, "ann");
    int64_t pos = fs_dir_tell(staff);
    assert_int_equal(fs_dir_next(staff, &name), 0);
    assert_string_equal(name, "bob's files");
    assert_int_equal(fs_dir_next(staff, &name), 0);
    assert_null(name);
    assert_int_equal(fs_dir_seek(up, pos), 0);
    assert_int_equal(fs_dir_next(up, &name), 0);
    assert_string_equal(name, "bob's files");
    assert_int_equal(fs_dir_rewind(up), 0);
    assert_int_equal(fs_dir_next(up, &name), 0);
    assert_string_equal(name, "ann");
    fs_dir_close(up);
    fs_dir_close(ann);
    fs_dir_close(staff);
    fs_dir_close(root);
}

static void nothing_can_be_done_to_it(void **state)
{
    struct fs *fs = ((struct world *)*state)->fs;
    const struct fs_meta meta = { .set = FS_SET_MODE };
    struct fs_file *file;
    struct fs_dir *root;
    uint64_t available, used;

    assert_int_equal(fs_dir_open(fs, "", &root), 0);
    assert_int_equal(fs_mkdir(root, "new", 0777), EROFS);
    assert_int_equal(fs_rmdir(root, "staff"), EROFS);
    assert_int_equal(fs_unlink(root, "staff"), EROFS);
    assert_int_equal(fs_rename(root, "staff", root, "new", FS_NOREPLACE), EROFS);
    assert_int_equal(fs_set_attr(root, "staff", "x", 1), EROFS);
    assert_int_equal(fs_set_meta(root, "staff", &meta), EROFS);
    assert_int_equal(fs_file_create(root, "new", 0666, &file), EROFS);
    assert_int_equal(fs_file_create(root, NULL, 0666, &file), EROFS);
    assert_int_equal(fs_dir_sync(root), 0);
    assert_int_equal(fs_space(fs, "", &available, &used), ENOTSUP);
    fs_dir_close(root);
}

/* ---- as clients see it ---- */

static void clients_see_where_the_folders_are(void **state)
{
    struct exchange *x = ((struct world *)*state)->x;

    const struct answer *a = exchange(x, "PROPFIND", "/", "Depth: 1", NULL);
    assert_int_equal(a->status, 207);
    assert_int_equal(response_count(a), 3);
    assert_true(has_response(a, "/") && has_response(a, "/projects/") && has_response(a, "/staff/"));
    assert_string_equal(prop_text(a, "/staff/", "DAV:", "displayname"), "staff");
    a = exchange(x, "PROPFIND", "/staff", "Depth: 1", NULL);
    assert_int_equal(response_count(a), 3);
    assert_true(has_response(a, "/staff/bob%27s%20files/"));
    assert_int_equal(response_count(exchange(x, "PROPFIND", "/", "Depth: 0", NULL)), 1);
    a = exchange(x, "PROPFIND", "/", "Depth: infinity", NULL);
    assert_int_equal(a->status, 403);
    assert_non_null(strstr(a->body, "propfind-finite-depth"));
    a = exchange(
        x, "PROPFIND", "/", "Depth: 1",
        "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:resourcetype/><D:quota-used-bytes/></D:prop></D:propfind>");
    assert_int_equal(prop_status(a, "/projects/", "DAV:", "resourcetype"), 200);
    assert_int_equal(prop_status(a, "/projects/", "DAV:", "quota-used-bytes"), 404);
    a = exchange(x, "GET", "/staff/", NULL, NULL);
    assert_int_equal(a->status, 200);
    assert_non_null(strstr(a->body, "<a href=\"bob%27s%20files/\">"));
    assert_int_equal(exchange(x, "HEAD", "/", NULL, NULL)->status, 200);
    assert_int_equal(exchange(x, "GET", "/none", NULL, NULL)->status, 404);
    assert_int_equal(exchange(x, "PROPFIND", "/staff/none", "Depth: 0", NULL)->status, 404);
}

/* Without class 2 Finder would mount what is below for reading only. */
static void clients_may_not_change_it_but_what_is_below(void **state)
{
    struct exchange *x = ((struct world *)*state)->x;
    static const char *const methods[] = { "PUT",  "DELETE", "MKCOL",     "COPY",
                                           "MOVE", "LOCK",   "PROPPATCH", "UNLOCK" };
    static const char *const targets[] = { "/", "/new", "/staff", "/staff/new" };

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (size_t j = 0; j < sizeof targets / sizeof *targets; j++)
            assert_int_equal(exchange(x, methods[i], targets[j], "Destination: /x", NULL)->status, 403);
    const struct answer *a = exchange(x, "OPTIONS", "/", NULL, NULL);
    assert_string_equal(answer_header(a, "DAV"), "1, 2, 3");
    assert_string_equal(answer_header(a, "Allow"), "OPTIONS, GET, HEAD, PROPFIND");
}

/* With nothing to keep. */
static void it_needs_no_folder_for_its_state(void **state)
{
    struct world *world = *state;
    const struct dav_config config = { .read_only = true };
    const char *message = NULL;
    struct dav *dav;
    apr_pool_t *pool;
    unsigned leftovers;

    apr_pool_create(&pool, NULL);
    assert_int_equal(dav_open(pool, world->fs, &config, &dav, &message), 0);
    assert_int_equal(dav_leftovers(dav, &leftovers), 0);
    assert_int_equal(leftovers, 0);
    dav_close(dav);
    apr_pool_destroy(pool);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_has_the_paths_and_what_is_above_them), TEST(it_is_walked_like_any_other),
        TEST(its_directories_lead_down_and_up),        TEST(nothing_can_be_done_to_it),
        TEST(clients_see_where_the_folders_are),       TEST(clients_may_not_change_it_but_what_is_below),
        TEST(it_needs_no_folder_for_its_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
