/*
 * Staging: what is visible when, in memory and once on a disk.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/journal.h"
#include "fs/posix.h"
#include "fs/staging.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

struct world {
    struct fs *fs;
    struct support_store *store;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    apr_initialize();
    world->store = support_store_new();
    struct journal_store ops = support_store_ops(world->store);
    assert_int_equal(fs_mem_open(&world->fs), 0);
    assert_int_equal(journal_open(&ops, &world->fs->journal), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    assert_int_equal(fs_mem_handles(world->fs), 0);
    journal_close(world->fs->journal);
    assert_int_equal(support_store_count(world->store), 0); /* every enter was left */
    support_store_free(world->store);
    fs_close(world->fs);
    free(world);
    apr_terminate();
    return 0;
}

static void assert_list(struct fs *fs, const char *expected)
{
    char *list = support_list(fs);

    assert_string_equal(list, expected);
    free(list);
}

static struct staging *stage(struct fs *fs, const char *path, const char *content)
{
    struct staging *staging;

    assert_int_equal(staging_open(fs, path, &staging), 0);
    assert_int_equal(staging_write(staging, content, strlen(content)), 0);
    return staging;
}

static struct staging *stage_tree(struct fs *fs, const char *src, const char *path)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };
    struct staging *staging;

    assert_int_equal(staging_open_tree(fs, path, &staging), 0);
    assert_int_equal(tree_copy(fs, src, staging_dir(staging), staging_name(staging), true, &report), 0);
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    return staging;
}

static void nothing_is_seen_before_the_commit(void **state)
{
    struct world *world = *state;
    struct fs_stat st, seen;

    struct staging *staging = stage(world->fs, "f", "one ");
    assert_int_equal(staging_write(staging, "two", 3), 0);
    assert_int_equal(staging_size(staging), 7);
    assert_list(world->fs, "");
    const struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME, .mode = 0600, .mtime_ns = 5 };
    assert_int_equal(staging_finish(staging, &meta, "props", 5), 0);
    assert_list(world->fs, "");
    assert_int_equal(staging_commit(staging, false, &st), 0);
    assert_list(world->fs, "f 600 one two {props}\n");
    assert_int_equal(fs_stat(world->fs, "f", &seen), 0);
    assert_memory_equal(&st, &seen, sizeof(st)); /* the ETag is made of it */
    staging_free(staging);
    assert_list(world->fs, "f 600 one two {props}\n");
}

static void an_abandoned_upload_leaves_nothing(void **state)
{
    struct world *world = *state;

    staging_free(stage(world->fs, "f", "content"));
    fs_mem_quirks(world->fs, FS_MEM_NO_UNNAMED);
    staging_free(stage(world->fs, "f", "content"));
    assert_list(world->fs, "");
    staging_free(NULL);
}

static void a_new_file_costs_few_calls(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    struct staging *staging = stage(world->fs, "f", "content");
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    assert_int_equal(staging_commit(staging, false, &st), 0);
    staging_free(staging);
    /* open the parent, create, write, sync, look at the parent twice and the file, link, close, sync */
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_ANY), 10);
    assert_int_equal(support_store_count(world->store), 0); /* and nothing in the data base */
}

static void relaxed_durability_syncs_nothing(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    world->fs->durable = false;
    support_fs_mkdir(world->fs, "a");
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    struct staging *staging = stage(world->fs, "f", "content");
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    staging = stage_tree(world->fs, "a", "b");
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_FILE_SYNC), 0);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_DIR_SYNC), 0);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_TREE_SYNC), 0);
}

static void the_kernel_decides_whether_a_name_is_taken(void **state)
{
    struct world *world = *state;

    for (unsigned quirks = 0; quirks <= FS_MEM_NO_UNNAMED; quirks += FS_MEM_NO_UNNAMED) {
        struct fs_stat st = { .size = 77 };
        fs_mem_quirks(world->fs, quirks);
        struct staging *staging = stage(world->fs, "f", "new");
        assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
        support_fs_write(world->fs, "f", "somebody else's");
        assert_int_equal(staging_commit(staging, false, &st), EEXIST);
        assert_int_equal(st.size, 77);
        char *content = support_fs_read(world->fs, "f");
        assert_string_equal(content, "somebody else's");
        free(content);
        assert_int_equal(staging_commit(staging, true, &st), 0); /* a commit that failed may be repeated */
        assert_int_equal(st.size, 3);
        staging_free(staging);
        assert_list(world->fs, "f 644 new\n");
    }
}

static void a_file_replaces_a_file_and_a_tree(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    for (unsigned quirks = 0; quirks < 4; quirks++) {
        fs_mem_quirks(world->fs, quirks);
        support_fs_mkdir(world->fs, "tree");
        support_fs_write(world->fs, "tree/f", "");
        support_fs_write(world->fs, "file", "old");
        struct staging *staging = stage(world->fs, "file", "new");
        assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
        assert_int_equal(staging_commit(staging, true, &st), 0);
        staging_free(staging);
        staging = stage(world->fs, "tree", "new");
        assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
        assert_int_equal(staging_commit(staging, true, &st), 0);
        staging_free(staging);
        assert_list(world->fs, "file 644 new\ntree 644 new\n");
        support_fs_write(world->fs, "tree", "");
        struct trash *trash;
        assert_int_equal(tree_trash(world->fs, "tree", &trash), 0);
    }
}

static void a_tree_appears_whole_and_what_it_replaced_goes(void **state)
{
    struct world *world = *state;
    struct fs_stat st, seen;

    for (unsigned quirks = 0; quirks <= FS_MEM_NO_EXCHANGE; quirks += FS_MEM_NO_EXCHANGE) {
        fs_mem_quirks(world->fs, quirks);
        support_fs_mkdir(world->fs, "a");
        support_fs_write(world->fs, "a/f", "F");
        support_fs_write(world->fs, "file", "old");
        support_fs_mkdir(world->fs, "tree");
        support_fs_write(world->fs, "tree/old", "O");
        static const char *const names[] = { "new", "file", "tree" };
        for (int i = 0; i < 3; i++) {
            struct staging *staging = stage_tree(world->fs, "a", names[i]);
            if (i)
                assert_int_equal(staging_commit(staging, false, &st), EEXIST);
            assert_int_equal(staging_commit(staging, true, &st), 0);
            assert_int_equal(fs_stat(world->fs, names[i], &seen), 0);
            assert_memory_equal(&st, &seen, sizeof(st));
            staging_free(staging);
        }
        assert_list(world->fs, "a/ 755\na/f 644 F\nfile/ 755\nfile/f 644 F\nnew/ 755\nnew/f 644 F\n"
                               "tree/ 755\ntree/f 644 F\n");
        struct trash *trash;
        struct progress progress = { 0 };
        static const char *const all[] = { "a", "new", "file", "tree" };
        for (int i = 0; i < 4; i++) {
            assert_int_equal(tree_trash(world->fs, all[i], &trash), 0);
            trash_purge(trash, &progress);
        }
    }
}

static void the_old_tree_is_there_until_freed(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "tree");
    struct staging *staging = stage_tree(world->fs, "a", "tree");
    assert_int_equal(staging_commit(staging, true, &st), 0);
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    staging_free(staging);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_RMDIR), 1); /* behind the answer */
    assert_list(world->fs, "a/ 755\ntree/ 755\n");
}

static void nothing_is_published_where_the_parent_has_changed(void **state)
{
    struct world *world = *state;
    struct fs_dir *root;
    struct fs_stat st;

    assert_int_equal(fs_dir_open(world->fs, "", &root), 0);
    support_fs_mkdir(world->fs, "d");
    struct staging *moved = stage(world->fs, "d/f", "content");
    assert_int_equal(fs_rename(root, "d", root, "e", FS_NOREPLACE), 0);
    assert_int_equal(staging_commit(moved, true, &st), ENOENT);
    support_fs_mkdir(world->fs, "d"); /* the same name, another directory */
    assert_int_equal(staging_commit(moved, true, &st), ENOENT);
    assert_int_equal(fs_rmdir(root, "d"), 0);
    support_fs_write(world->fs, "d", "a file now");
    assert_int_equal(staging_commit(moved, true, &st), ENOENT);
    assert_int_equal(fs_unlink(root, "d"), 0);
    fs_mem_symlink(world->fs, "d", "e"); /* a link to it: the path names it again */
    assert_int_equal(staging_commit(moved, true, &st), 0);
    staging_free(moved);
    assert_list(world->fs, "d ->\ne/ 755\ne/f 644 content\n");
    fs_dir_close(root);
}

static void the_first_write_error_sticks(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    fs_mem_fail(world->fs, FS_MEM_FILE_WRITE, 1, ENOSPC);
    struct staging *staging = NULL;
    assert_int_equal(staging_open(world->fs, "f", &staging), 0);
    assert_int_equal(staging_write(staging, "abc", 3), ENOSPC);
    assert_int_equal(staging_write(staging, "def", 3), ENOSPC);
    assert_int_equal(staging_size(staging), 0);
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), ENOSPC);
    assert_int_equal(staging_set_attr(staging, "props", 5), ENOSPC);
    assert_int_equal(staging_commit(staging, true, &st), ENOSPC);
    staging_free(staging);
    assert_list(world->fs, "");
}

/* The first piece goes on at once, the others together, each time that a multiple of so many bytes is full. */
static void small_pieces_are_written_together(void **state)
{
    enum { HELD = 65536, PIECE = 1000, COUNT = 200 };
    struct world *world = *state;
    struct staging *staging = NULL;
    static char pieces[COUNT * PIECE + 1];
    struct fs_stat st;

    for (int i = 0; i < COUNT * PIECE; i++)
        pieces[i] = (char)('a' + (i * 7 + i / 251) % 26);
    fs_mem_fail(world->fs, FS_MEM_FILE_WRITE, 0, 0); /* counts from here */
    assert_int_equal(staging_open(world->fs, "f", &staging), 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(staging_write(staging, pieces + i * PIECE, PIECE), 0);
    assert_int_equal(staging_size(staging), COUNT * PIECE);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_FILE_WRITE), 1 + COUNT * PIECE / HELD);
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    assert_int_equal(staging_commit(staging, false, &st), 0);
    assert_int_equal(st.size, COUNT * PIECE);
    staging_free(staging);
    char *content = support_fs_read(world->fs, "f");
    assert_string_equal(content, pieces);
    free(content);
}

static void what_was_held_back_fails_at_the_end(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    struct staging *staging = stage(world->fs, "f", "abc");
    fs_mem_fail(world->fs, FS_MEM_FILE_WRITE, 1, ENOSPC);
    assert_int_equal(staging_write(staging, "def", 3), 0);
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), ENOSPC);
    assert_int_equal(staging_commit(staging, true, &st), ENOSPC);
    staging_free(staging);
    assert_list(world->fs, "");
}

static void a_late_error_of_the_close_prevents_the_commit(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    fs_mem_quirks(world->fs, FS_MEM_NO_UNNAMED); /* a network file system */
    support_fs_write(world->fs, "f", "old");
    struct staging *staging = stage(world->fs, "f", "new");
    fs_mem_fail(world->fs, FS_MEM_FILE_CLOSE, 1, EDQUOT);
    assert_int_equal(staging_commit(staging, true, &st), EDQUOT);
    assert_int_equal(staging_commit(staging, true, &st), EDQUOT); /* it does not get better */
    staging_free(staging);
    assert_list(world->fs, "f 644 old\n");
}

static void an_error_after_publishing_is_told(void **state)
{
    static const enum fs_mem_op ops[] = { FS_MEM_FILE_CLOSE, FS_MEM_DIR_SYNC };
    struct world *world = *state;
    struct fs_stat st = { .size = 77 };

    for (int i = 0; i < 2; i++) {
        struct staging *staging = stage(world->fs, "f", i ? "two" : "one");
        assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
        fs_mem_fail(world->fs, ops[i], 1, EIO);
        assert_int_equal(staging_commit(staging, true, &st), EIO);
        assert_int_equal(st.size, 77);
        staging_free(staging);
        assert_list(world->fs, i ? "f 644 two\n" : "f 644 one\n"); /* it is there all the same */
    }
}

struct note {
    struct fs *fs;
    int error;
    struct fs_stat st;
};

static int take_note(void *ctx, const struct fs_stat *st)
{
    struct note *note = ctx;

    assert_list(note->fs, "a/ 755\na/f 644 F\n"); /* before anything is seen */
    note->st = *st;
    return note->error;
}

static void what_is_about_to_be_published_is_told_before(void **state)
{
    struct world *world = *state;
    struct note note = { .fs = world->fs, .error = ENOSPC };
    struct fs_stat st, seen;

    support_fs_mkdir(world->fs, "a");
    support_fs_write(world->fs, "a/f", "F");
    struct staging *staging = stage(world->fs, "f", "content");
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    staging_set_note(staging, take_note, &note);
    assert_int_equal(staging_commit(staging, false, &st), ENOSPC);
    assert_list(world->fs, "a/ 755\na/f 644 F\n");
    note.error = 0;
    assert_int_equal(staging_commit(staging, false, &st), 0);
    assert_int_equal(fs_stat(world->fs, "f", &seen), 0);
    assert_int_equal(note.st.ino, seen.ino);
    assert_int_equal(note.st.btime_ns, seen.btime_ns);
    staging_free(staging);
}

static void properties_may_come_last(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    struct staging *staging = stage(world->fs, "f", "content");
    assert_int_equal(staging_finish(staging, NULL, "early", 5), 0);
    assert_int_equal(staging_set_attr(staging, "late", 4), 0);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    staging = stage(world->fs, "g", "");
    assert_int_equal(staging_finish(staging, NULL, "early", 5), 0);
    assert_int_equal(staging_set_attr(staging, NULL, 0), 0);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    assert_list(world->fs, "f 644 content {late}\ng 644 \n");
}

static void properties_that_do_not_fit_do_no_harm(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    struct staging *staging = stage(world->fs, "f", "content");
    assert_int_equal(staging_stat(staging, &st), 0);
    assert_int_equal(st.size, 7);
    fs_mem_fail(world->fs, FS_MEM_FILE_SET_ATTR, 1, ENOSPC);
    assert_int_equal(staging_set_attr(staging, "many", 4), ENOSPC);
    assert_int_equal(staging_set_attr(staging, "few", 3), 0);
    assert_int_equal(staging_finish(staging, NULL, NULL, 0), 0);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    assert_list(world->fs, "f 644 content {few}\n");
}

static void a_hidden_name_is_recorded_before_it_exists(void **state)
{
    struct world *world = *state;
    struct staging *staging = NULL;
    struct fs_stat st;

    support_fs_write(world->fs, "f", "old");
    support_store_fail(world->store, EIO);
    fs_mem_quirks(world->fs, FS_MEM_NO_UNNAMED);
    assert_int_equal(staging_open(world->fs, "f", &staging), EIO);
    assert_int_equal(staging_open_tree(world->fs, "f", &staging), EIO);
    assert_null(staging);
    fs_mem_quirks(world->fs, 0);
    staging = stage(world->fs, "f", "new");
    assert_int_equal(staging_commit(staging, true, &st), EIO);
    assert_list(world->fs, "f 644 old\n");
    support_store_fail(world->store, 0);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    assert_true(support_store_has(world->store, ""));
    staging_free(staging);
}

static void the_parent_must_exist(void **state)
{
    struct world *world = *state;
    struct staging *staging = NULL;

    support_fs_write(world->fs, "f", "");
    assert_int_equal(staging_open(world->fs, "none/f", &staging), ENOENT);
    assert_int_equal(staging_open_tree(world->fs, "none/f", &staging), ENOENT);
    assert_int_equal(staging_open(world->fs, "f/f", &staging), ENOTDIR);
    assert_int_equal(staging_open(world->fs, "", &staging), EISDIR);
    assert_null(staging);
}

static void it_works_on_a_disk(void **state)
{
    char *folder = support_temp_dir();
    unsigned open_fds = support_open_fds();
    struct fs_stat st;
    struct fs *fs;

    assert_int_equal(posix_open(folder, true, &fs), 0);
    support_mkdir(folder, "a");
    support_write(folder, "a/f", "F");
    support_mkdir(folder, "tree");
    support_write(folder, "tree/old", "");
    for (int i = 0; i < 2; i++) { /* new, then over itself */
        struct staging *staging = stage(fs, "f", i ? "second" : "first");
        assert_int_equal(staging_finish(staging, NULL, "p", 1), 0);
        assert_int_equal(staging_commit(staging, i, &st), 0);
        staging_free(staging);
    }
    struct staging *staging = stage_tree(fs, "a", "tree");
    assert_int_equal(staging_commit(staging, false, &st), EEXIST);
    assert_int_equal(staging_commit(staging, true, &st), 0);
    staging_free(staging);
    staging = stage_tree(fs, "a", "never");
    staging_free(staging);
    assert_list(fs, "a/ 755\na/f 644 F\nf 644 second {p}\ntree/ 755\ntree/f 644 F\n");
    fs_close(fs);
    assert_int_equal(support_open_fds(), open_fds);
    support_temp_remove(folder);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_seen_before_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_abandoned_upload_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_file_costs_few_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relaxed_durability_syncs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_kernel_decides_whether_a_name_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_replaces_a_file_and_a_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tree_appears_whole_and_what_it_replaced_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_old_tree_is_there_until_freed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_published_where_the_parent_has_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_write_error_sticks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_pieces_are_written_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_held_back_fails_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_error_of_the_close_prevents_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_after_publishing_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_about_to_be_published_is_told_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_that_do_not_fit_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_may_come_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hidden_name_is_recorded_before_it_exists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_parent_must_exist, set_up, tear_down),
        cmocka_unit_test(it_works_on_a_disk),
    };

    return cmocka_run_group_tests_name("staging", tests, NULL, NULL);
}
