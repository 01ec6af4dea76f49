/*
 * Recovery beside the service: what is done before anybody is served, what is removed afterwards, and what
 * becomes of that when the folder changes meanwhile.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/recovery.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

struct world {
    struct support_store *store;
    struct fs *fs;
    struct recovery *recovery;
    struct progress progress;
};

static void open_journal(struct world *world)
{
    struct journal_store ops = support_store_ops(world->store);
    assert_int_equal(journal_open(&ops, &world->fs->journal), 0);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    apr_initialize();
    world->store = support_store_new();
    assert_int_equal(fs_mem_open(&world->fs), 0);
    open_journal(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    recovery_free(world->recovery);
    journal_close(world->fs->journal);
    support_store_free(world->store);
    assert_int_equal(fs_mem_handles(world->fs), 0);
    fs_close(world->fs);
    free(world);
    apr_terminate();
    return 0;
}

/* The process dies, and the next one has begun. */
static int restart(struct world *world)
{
    recovery_free(world->recovery);
    world->recovery = NULL;
    world->progress = (struct progress){ 0 };
    journal_close(world->fs->journal);
    open_journal(world);
    return recovery_begin(world->fs, &world->recovery);
}

static void assert_list(struct fs *fs, const char *expected)
{
    char *list = support_list(fs);

    assert_string_equal(list, expected);
    free(list);
}

/* A name of ours in `dir`, "" for the root, which whoever made it has not left. */
static void leave_behind(struct world *world, const char *dir, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name);
    assert_int_equal(journal_enter(world->fs->journal, dir), 0);
    support_fs_mkdir(world->fs, path);
    strcat(path, "/member");
    support_fs_write(world->fs, path, "x");
}

static void names_made_meanwhile_are_not_touched(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "d");
    leave_behind(world, "d", ".holdfast-1-600000000a-1");
    leave_behind(world, "d", ".holdfast-1-600000000a-2");
    assert_int_equal(restart(world), 0);
    assert_int_equal(recovery_left(world->recovery), 2);
    leave_behind(world, "d", ".holdfast-1-600000000a-3");
    leave_behind(world, "", ".holdfast-1-600000000a-4");
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_int_equal(recovery_left(world->recovery), 0);
    assert_list(world->fs, ".holdfast-1-600000000a-4/ 755\n.holdfast-1-600000000a-4/member 644 x\nd/ "
                           "755\nd/.holdfast-1-600000000a-3/ 755\n"
                           "d/.holdfast-1-600000000a-3/member 644 x\n");
    assert_true(support_store_has(world->store, "d")); /* somebody is in it */
    assert_int_equal(restart(world), 0);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "d/ 755\n");
    assert_int_equal(support_store_count(world->store), 0);
}

static void what_was_put_aside_is_back_before_anything_is_removed(void **state)
{
    struct world *world = *state;
    char hidden[HIDDEN_SIZE], path[HIDDEN_SIZE + 16];
    struct fs_dir *root, *aside;
    struct fs_stat st;

    support_fs_mkdir(world->fs, "kept");
    support_fs_write(world->fs, "kept/f", "F");
    leave_behind(world, "", ".holdfast-1-600000000a-1");
    assert_int_equal(fs_stat(world->fs, "kept", &st), 0);
    hidden_aside_name(st.ino, hidden);
    support_fs_mkdir(world->fs, hidden);
    assert_int_equal(fs_dir_open(world->fs, "", &root), 0);
    assert_int_equal(fs_dir_open(world->fs, hidden, &aside), 0);
    assert_int_equal(fs_rename(root, "kept", aside, "kept", FS_NOREPLACE), 0);
    fs_dir_close(aside);
    fs_dir_close(root);
    assert_int_equal(restart(world), 0);
    char *content = support_fs_read(world->fs, "kept/f");
    assert_string_equal(content, "F");
    free(content);
    assert_int_equal(fs_stat(world->fs, ".holdfast-1-600000000a-1/member", &st), 0);
    snprintf(path, sizeof(path), "%s/kept", hidden);
    assert_int_equal(fs_stat(world->fs, path, &st), ENOENT);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "kept/ 755\nkept/f 644 F\n");
}

static void a_stop_leaves_the_rest_to_the_next_start(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "d");
    leave_behind(world, "d", ".holdfast-1-600000000a-1");
    assert_int_equal(restart(world), 0);
    progress_stop(&world->progress);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), ECANCELED);
    assert_int_equal(recovery_left(world->recovery), 1);
    assert_int_equal(restart(world), 0);
    assert_int_equal(recovery_left(world->recovery), 1);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "d/ 755\n");
    assert_int_equal(support_store_count(world->store), 0);
}

/* Nobody asks for a purge at all: killed once more. */
static void what_nobody_removes_stays_recorded(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "d");
    leave_behind(world, "d", ".holdfast-1-600000000a-1");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(restart(world), 0);
        assert_int_equal(recovery_left(world->recovery), 1);
    }
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "d/ 755\n");
}

static void a_folder_that_moves_meanwhile_is_purged_at_the_next_start(void **state)
{
    struct world *world = *state;
    struct trash *trash;

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "a/d");
    leave_behind(world, "a/d", ".holdfast-1-600000000a-1");
    assert_int_equal(restart(world), 0);
    assert_int_equal(tree_move(world->fs, "a", "b", false, &trash), 0);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(
        world->fs,
        "b/ 755\nb/d/ 755\nb/d/.holdfast-1-600000000a-1/ 755\nb/d/.holdfast-1-600000000a-1/member 644 x\n");
    assert_int_equal(restart(world), 0);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "b/ 755\nb/d/ 755\n");
    assert_int_equal(support_store_count(world->store), 0);
}

static void a_folder_that_goes_meanwhile_is_forgotten(void **state)
{
    struct world *world = *state;
    struct trash *trash;

    support_fs_mkdir(world->fs, "d");
    leave_behind(world, "d", ".holdfast-1-600000000a-1");
    assert_int_equal(restart(world), 0);
    assert_int_equal(tree_trash(world->fs, "d", &trash), 0);
    trash_purge(trash, &world->progress);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_int_equal(recovery_left(world->recovery), 0);
    assert_list(world->fs, "");
    assert_int_equal(restart(world), 0);
    assert_int_equal(support_store_count(world->store), 0);
}

/* It may hold what clients are waiting for: it must not be forgotten, nor purged. */
static void what_cannot_be_looked_into_stays_recorded(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "d");
    leave_behind(world, "d", ".holdfast-1-600000000a-1");
    fs_mem_fail(world->fs, FS_MEM_DIR_NEXT, 1, EIO);
    assert_int_equal(restart(world), EIO);
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    assert_int_equal(recovery_left(world->recovery), 0);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_true(support_store_has(world->store, "d"));
    assert_int_equal(restart(world), 0);
    assert_int_equal(recovery_purge(world->recovery, &world->progress), 0);
    assert_list(world->fs, "d/ 755\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_made_meanwhile_are_not_touched),
        TEST(what_was_put_aside_is_back_before_anything_is_removed),
        TEST(a_stop_leaves_the_rest_to_the_next_start),
        TEST(what_nobody_removes_stays_recorded),
        TEST(a_folder_that_moves_meanwhile_is_purged_at_the_next_start),
        TEST(a_folder_that_goes_meanwhile_is_forgotten),
        TEST(what_cannot_be_looked_into_stays_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
