/*
 * Copying, removing, trashing and moving, over the memory backend: what a tree is afterwards is
 * one string. (test_faults.c interrupts the same operations everywhere.)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/journal.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

struct world {
    struct fs *fs;
    struct fs_dir *root;
    struct progress progress;
    struct tree_report report;
    char failures[512]; /* "relpath:ERRNO " ... */
};

static void note_failure(void *ctx, const char *relpath, int error)
{
    struct world *world = ctx;
    size_t len = strlen(world->failures);

    snprintf(world->failures + len, sizeof(world->failures) - len, "%s:%s ", relpath, strerrorname_np(error));
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    apr_initialize();
    assert_int_equal(fs_mem_open(&world->fs), 0);
    assert_int_equal(journal_open(NULL, &world->fs->journal), 0);
    assert_int_equal(fs_dir_open(world->fs, "", &world->root), 0);
    world->report =
        (struct tree_report){ .failed = note_failure, .ctx = world, .progress = &world->progress };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    fs_dir_close(world->root);
    assert_int_equal(fs_mem_handles(world->fs), 0);
    journal_close(world->fs->journal);
    fs_close(world->fs);
    free(world);
    apr_terminate();
    return 0;
}

static void assert_list(const struct world *world, const char *expected)
{
    char *list = support_list(world->fs);

    assert_string_equal(list, expected);
    free(list);
}

static int copy(struct world *world, const char *src, const char *name, bool deep)
{
    return tree_copy(world->fs, src, world->root, name, deep, &world->report);
}

static int remove_tree(struct world *world, const char *name)
{
    return tree_remove(world->root, name, name, &world->report);
}

static int move(struct world *world, const char *from, const char *to, bool replace)
{
    struct trash *trash = NULL;

    int err = tree_move(world->fs, from, to, replace, &trash);
    trash_purge(trash, &world->progress);
    return err;
}

static void build(struct world *world)
{
    support_fs_mkdir(world->fs, "a");
    support_fs_write(world->fs, "a/f", "FFF");
    support_fs_set_attr(world->fs, "a/f", "props of f");
    support_fs_mkdir(world->fs, "a/b");
    support_fs_set_attr(world->fs, "a/b", "props of b");
    support_fs_write(world->fs, "a/b/g", "GG");
}

static void a_copy_has_content_properties_modes_and_times(void **state)
{
    struct world *world = *state;
    struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME, .mode = 04751, .mtime_ns = 12345 };
    struct fs_stat from, to;
    struct fs_dir *dir;

    build(world);
    assert_int_equal(fs_dir_open(world->fs, "a", &dir), 0);
    assert_int_equal(fs_set_meta(dir, "f", &meta), 0);
    meta = (struct fs_meta){ .set = FS_SET_MODE, .mode = 02550 }; /* we could not write into that */
    assert_int_equal(fs_set_meta(dir, "b", &meta), 0);
    fs_dir_close(dir);
    assert_int_equal(copy(world, "a", "c", true), 0);
    assert_list(world, "a/ 755\n"
                       "a/b/ 2550 {props of b}\n"
                       "a/b/g 644 GG\n"
                       "a/f 4751 FFF {props of f}\n"
                       "c/ 755\n"
                       "c/b/ 2550 {props of b}\n"
                       "c/b/g 644 GG\n"
                       "c/f 751 FFF {props of f}\n"); /* no set-user-id for what is ours */
    assert_int_equal(fs_stat(world->fs, "a/f", &from), 0);
    assert_int_equal(fs_stat(world->fs, "c/f", &to), 0);
    assert_int_equal(to.mtime_ns, 12345);
    assert_true(to.btime_ns > from.btime_ns);
    assert_int_equal(world->progress.members_done, 4);
    assert_int_equal(world->progress.bytes_done, 5);
    assert_string_equal(world->failures, "");
}

static void a_file_and_a_shallow_collection_are_copied(void **state)
{
    struct world *world = *state;

    build(world);
    assert_int_equal(copy(world, "a/f", "f", true), 0);
    assert_int_equal(copy(world, "a/b", "shallow", false), 0);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "f 644 FFF {props of f}\nshallow/ 755 {props of b}\n");
}

static void a_copy_is_what_a_client_sees_of_the_tree(void **state)
{
    struct world *world = *state;
    struct fs *fs = world->fs;

    build(world);
    support_fs_mkdir(fs, "s");
    fs_mem_symlink(fs, "s/file", "../a/f");
    fs_mem_symlink(fs, "s/dir", "../a/b");
    fs_mem_symlink(fs, "s/dangling", "nothing");
    fs_mem_symlink(fs, "s/out", "../../etc");
    fs_mem_symlink(fs, "s/circle", "../s");
    fs_mem_special(fs, "s/fifo");
    support_fs_write(fs, "s/.holdfast-1", "");
    support_fs_mkdir(fs, "s/d");
    support_fs_write(fs, "s/d/x", "X");
    assert_int_equal(copy(world, "s", "copied", true), 0);
    assert_int_equal(remove_tree(world, "s"), 0);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "copied/ 755\n"
                       "copied/d/ 755\n"
                       "copied/d/x 644 X\n"
                       "copied/dir/ 755 {props of b}\n"
                       "copied/dir/g 644 GG\n"
                       "copied/file 644 FFF {props of f}\n");
    assert_string_equal(world->failures, "circle:ELOOP fifo:EACCES ");
}

static void members_that_fail_are_told_and_the_rest_is_copied(void **state)
{
    struct world *world = *state;

    build(world);
    support_fs_write(world->fs, "a/z", "Z");
    fs_mem_fail(world->fs, FS_MEM_OPEN_AT, 1, EACCES);
    assert_int_equal(copy(world, "a", "c", true), 0);
    fs_mem_fail(world->fs, FS_MEM_DIR_ENTER, 3, EACCES); /* b of the source (1: a, 2: its copy) */
    assert_int_equal(copy(world, "a", "d", true), 0);
    fs_mem_fail(world->fs, FS_MEM_MKDIR, 2, EACCES); /* b of the destination */
    assert_int_equal(copy(world, "a", "e", true), 0);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "c/ 755\nc/b/ 755 {props of b}\nc/b/g 644 GG\nc/z 644 Z\n"
                       "d/ 755\nd/f 644 FFF {props of f}\nd/z 644 Z\n"
                       "e/ 755\ne/f 644 FFF {props of f}\ne/z 644 Z\n");
    assert_string_equal(world->failures, "f:EACCES b:EACCES b:EACCES ");
}

static void a_member_that_fails_halfway_leaves_nothing(void **state)
{
    struct world *world = *state;

    build(world);
    fs_mem_fail(world->fs, FS_MEM_FILE_COPY, 1, EACCES);
    assert_int_equal(copy(world, "a", "c", true), 0);
    fs_mem_fail(world->fs, FS_MEM_FILE_SET_META, 2, EPERM);
    assert_int_equal(copy(world, "a", "d", true), 0);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "c/ 755\nc/b/ 755 {props of b}\nc/b/g 644 GG\n"
                       "d/ 755\nd/b/ 755 {props of b}\nd/f 644 FFF {props of f}\n");
    assert_string_equal(world->failures, "f:EACCES b/g:EPERM ");
}

static void the_failure_of_the_root_is_returned(void **state)
{
    struct world *world = *state;

    build(world);
    fs_mem_special(world->fs, "special");
    assert_int_equal(copy(world, "none", "c", true), ENOENT);
    assert_int_equal(copy(world, "special", "c", true), EACCES);
    fs_mem_fail(world->fs, FS_MEM_DIR_ENTER, 1, EACCES);
    assert_int_equal(copy(world, "a", "c", true), EACCES);
    assert_int_equal(copy(world, "a/f", "a", true), EEXIST);
    assert_string_equal(world->failures, "");
}

static void what_makes_the_rest_senseless_ends_the_copy(void **state)
{
    static const struct {
        enum fs_mem_op op;
        int error;
    } rows[] = {
        { FS_MEM_MKDIR, ENOSPC },      { FS_MEM_MKDIR, EIO },       { FS_MEM_FILE_CREATE, EDQUOT },
        { FS_MEM_FILE_CREATE, EROFS }, { FS_MEM_FILE_CREATE, EIO }, { FS_MEM_FILE_COPY, ENOSPC },
        { FS_MEM_FILE_COPY, EIO },     { FS_MEM_FILE_CLOSE, EIO },  { FS_MEM_FILE_CLOSE, EDQUOT },
        { FS_MEM_FILE_SET_META, EIO }, { FS_MEM_OPEN_AT, EMFILE },  { FS_MEM_FILE_SET_ATTR, ENOSPC },
    };
    struct world *world = *state;

    build(world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fs_mem_fail(world->fs, rows[i].op, rows[i].op == FS_MEM_MKDIR ? 2 : 1, rows[i].error);
        int err = copy(world, "a", "c", true);
        if (err != rows[i].error)
            fail_msg("row %zu: %d", i, err);
        assert_true(fs_mem_revive(world->fs));
        assert_int_equal(remove_tree(world, "c"), 0);
    }
    assert_string_equal(world->failures, "");
}

static void an_unreadable_source_does_not_end_the_copy(void **state)
{
    struct world *world = *state;

    build(world);
    fs_mem_fail(world->fs, FS_MEM_OPEN_AT, 1, EIO);
    assert_int_equal(copy(world, "a", "c", true), 0);
    assert_string_equal(world->failures, "f:EIO ");
}

static void a_destination_without_attributes_gets_the_content(void **state)
{
    struct world *world = *state;

    build(world);
    fs_mem_fail(world->fs, FS_MEM_FILE_SET_ATTR, 1, ENOTSUP);
    assert_int_equal(copy(world, "a", "c", true), 0);
    fs_mem_quirks(world->fs, FS_MEM_NO_ATTRS);
    assert_int_equal(copy(world, "a", "d", true), 0);
    assert_string_equal(world->failures, "");
    fs_mem_quirks(world->fs, 0);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "c/ 755\nc/b/ 755 {props of b}\nc/b/g 644 GG\nc/f 644 FFF\n"
                       "d/ 755\nd/b/ 755\nd/b/g 644 GG\nd/f 644 FFF\n");
}

static void stopping_ends_copy_and_removal(void **state)
{
    struct world *world = *state;

    build(world);
    progress_stop(&world->progress);
    assert_int_equal(copy(world, "a", "c", true), ECANCELED);
    assert_int_equal(remove_tree(world, "a"), ECANCELED);
    assert_list(world, "a/ 755\na/b/ 755 {props of b}\na/b/g 644 GG\na/f 644 FFF {props of f}\n");
}

static void removal_takes_everything_and_follows_nothing(void **state)
{
    struct world *world = *state;

    build(world);
    support_fs_mkdir(world->fs, "d");
    fs_mem_symlink(world->fs, "d/link", "../a");
    fs_mem_symlink(world->fs, "d/circle", ".");
    fs_mem_special(world->fs, "d/fifo");
    support_fs_mkdir(world->fs, "d/.holdfast-1");
    support_fs_write(world->fs, "d/.holdfast-1/f", "");
    fs_mem_symlink(world->fs, "l", "a");
    assert_int_equal(remove_tree(world, "d"), 0);
    assert_int_equal(remove_tree(world, "l"), 0);
    assert_int_equal(remove_tree(world, "l"), ENOENT);
    assert_list(world, "a/ 755\na/b/ 755 {props of b}\na/b/g 644 GG\na/f 644 FFF {props of f}\n");
    assert_int_equal(world->progress.members_done, 7);
}

static void removal_goes_on_after_a_failure_and_tells_it_once(void **state)
{
    struct world *world = *state;

    build(world);
    fs_mem_fail(world->fs, FS_MEM_UNLINK, 1, EPERM);
    assert_int_equal(remove_tree(world, "a"), EPERM);
    assert_list(world, "a/ 755\na/f 644 FFF {props of f}\n");
    assert_string_equal(world->failures, "f:EPERM "); /* not that "a" is not empty */
}

static void what_denies_us_is_removed_all_the_same(void **state)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = 0 };
    struct world *world = *state;
    struct fs_dir *dir;

    build(world);
    assert_int_equal(fs_dir_open(world->fs, "a", &dir), 0);
    assert_int_equal(fs_set_meta(dir, "b", &meta), 0);
    fs_dir_close(dir);
    fs_mem_fail(world->fs, FS_MEM_DIR_ENTER, 2, EACCES);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_list(world, "");
    assert_string_equal(world->failures, "");
}

/* Puts `levels` directories above the one of that name, with a file in each. */
static void build_deep_above(struct world *world, const char *name, unsigned levels)
{
    struct fs_file *file;
    struct fs_dir *dir;

    for (unsigned i = 0; i < levels; i++) {
        assert_int_equal(fs_mkdir(world->root, "new", 0777), 0);
        assert_int_equal(fs_dir_enter(world->root, "new", &dir), 0);
        assert_int_equal(fs_file_create(dir, "f", 0666, &file), 0);
        assert_int_equal(fs_file_close(file), 0);
        assert_int_equal(fs_rename(world->root, name, dir, "d", FS_NOREPLACE), 0);
        fs_dir_close(dir);
        assert_int_equal(fs_rename(world->root, "new", world->root, name, FS_NOREPLACE), 0);
    }
}

static void build_deep(struct world *world, const char *name, unsigned levels)
{
    support_fs_mkdir(world->fs, name);
    build_deep_above(world, name, levels - 1);
}

#define DEEP 200

static void note_handles(void *ctx, struct fs_dir *dir, const char *name)
{
    unsigned *most = ctx, now = fs_mem_handles(dir->fs);

    (void)name;
    if (now > *most)
        *most = now;
}

static void removal_of_a_deep_tree_has_few_directories_open(void **state)
{
    struct world *world = *state;
    unsigned most = 0;

    build_deep(world, "deep", DEEP);
    fs_mem_intrude(world->fs, note_handles, &most);
    assert_int_equal(remove_tree(world, "deep"), 0);
    assert_list(world, "");
    assert_in_range(most, 2, 40);
    assert_int_equal(world->progress.members_done, 2 * DEEP - 1);
    assert_string_equal(world->failures, "");
}

static void what_cannot_be_brought_up_is_removed_where_it_is(void **state)
{
    struct world *world = *state;

    build_deep(world, "deep", DEEP);
    fs_mem_fail(world->fs, FS_MEM_RENAME, 1, EACCES);
    assert_int_equal(remove_tree(world, "deep"), 0);
    assert_true(fs_mem_revive(world->fs));
    assert_list(world, "");
}

static void what_fails_once_and_is_met_again_is_no_failure(void **state)
{
    struct world *world = *state;

    build_deep(world, "deep", DEEP);
    fs_mem_fail(world->fs, FS_MEM_UNLINK, DEEP / 2, EPERM);
    assert_int_equal(remove_tree(world, "deep"), 0);
    assert_true(fs_mem_revive(world->fs));
    assert_list(world, "");
}

struct intruder {
    unsigned times; /* in which it makes a name */
    const char *name;
};

static void intrude(void *ctx, struct fs_dir *dir, const char *name)
{
    struct intruder *intruder = ctx;
    struct fs_file *file;
    struct fs_dir *in;

    if (!intruder->times || (intruder->name && strcmp(intruder->name, name) != 0) ||
        fs_dir_enter(dir, name, &in) != 0)
        return;
    intruder->times--;
    if (fs_file_create(in, "intruder", 0666, &file) == 0)
        fs_file_close(file);
    fs_dir_close(in);
}

static void names_that_appear_during_a_removal_go_too(void **state)
{
    struct intruder intruder = { .times = 20 };
    struct world *world = *state;

    build(world);
    fs_mem_intrude(world->fs, intrude, &intruder);
    assert_int_equal(remove_tree(world, "a"), 0);
    assert_int_equal(intruder.times, 0);
    assert_list(world, "");
    assert_string_equal(world->failures, "");
}

static void a_removal_ends_though_names_keep_appearing(void **state)
{
    struct intruder intruder = { .times = 100000, .name = "b" };
    struct world *world = *state;

    build(world);
    fs_mem_intrude(world->fs, intrude, &intruder);
    assert_int_equal(remove_tree(world, "a"), ENOTEMPTY);
    assert_true(fs_mem_calls(world->fs, FS_MEM_RMDIR) < 1000);
    assert_string_equal(world->failures, "b:ENOTEMPTY ");
    assert_list(world, "a/ 755\na/b/ 755 {props of b}\na/b/intruder 644 \n"); /* but the rest is gone */
}

static void a_failure_deep_down_keeps_only_what_is_above_it(void **state)
{
    struct intruder intruder = { .times = 100000, .name = "keep" };
    struct world *world = *state;

    support_fs_mkdir(world->fs, "deep");
    support_fs_mkdir(world->fs, "deep/keep");
    build_deep_above(world, "deep", DEEP);
    fs_mem_intrude(world->fs, intrude, &intruder);
    assert_int_equal(remove_tree(world, "deep"), ENOTEMPTY);
    assert_true(world->progress.members_done > 2 * (DEEP - 40)); /* of each level a file and itself */
    fs_mem_intrude(world->fs, NULL, NULL);
    assert_int_equal(remove_tree(world, "deep"), 0);
    assert_list(world, "");
}

static void trashing_hides_at_once_and_purging_removes(void **state)
{
    struct world *world = *state;
    struct trash *trash;
    struct fs_stat st;

    build(world);
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    assert_int_equal(tree_trash(world->fs, "a", &trash), 0);
    assert_non_null(trash);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_RENAME), 1);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_UNLINK), 0);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_DIR_SYNC), 1);
    assert_int_equal(fs_stat(world->fs, "a", &st), ENOENT);
    trash_purge(trash, &world->progress);
    assert_list(world, "");
    assert_int_equal(world->progress.members_done, 4);
}

static void files_and_links_need_no_trash(void **state)
{
    struct world *world = *state;
    struct trash *trash = (struct trash *)world;

    build(world);
    fs_mem_symlink(world->fs, "l", "a");
    assert_int_equal(tree_trash(world->fs, "a/f", &trash), 0);
    assert_null(trash);
    assert_int_equal(tree_trash(world->fs, "l", &trash), 0);
    assert_null(trash);
    assert_list(world, "a/ 755\na/b/ 755 {props of b}\na/b/g 644 GG\n");
    assert_int_equal(tree_trash(world->fs, "l", &trash), ENOENT);
    assert_int_equal(tree_trash(world->fs, "none/x", &trash), ENOENT);
    assert_int_equal(tree_trash(world->fs, "", &trash), EBUSY);
}

static void a_move_to_a_free_name_is_one_rename(void **state)
{
    struct world *world = *state;

    build(world);
    support_fs_mkdir(world->fs, "d");
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    assert_int_equal(move(world, "a", "d/x", false), 0);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_RENAME), 1);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_DIR_SYNC), 2);
    assert_list(world,
                "d/ 755\nd/x/ 755\nd/x/b/ 755 {props of b}\nd/x/b/g 644 GG\nd/x/f 644 FFF {props of f}\n");
}

static void a_move_over_something_replaces_it_whole(void **state)
{
    static const struct {
        const char *from, *to;
        unsigned quirks;
    } rows[] = {
        { "file", "other-file", 0 },
        { "file", "dir", 0 },
        { "dir", "other-dir", 0 },
        { "dir", "file", 0 },
        { "dir", "sub/dir", 0 },
        { "sub/dir", "file", 0 },
        { "link", "dir", 0 },
        { "dir", "link", 0 },
        { "file", "dir", FS_MEM_NO_EXCHANGE },
        { "dir", "other-dir", FS_MEM_NO_EXCHANGE },
        { "dir", "file", FS_MEM_NO_EXCHANGE },
        { "dir", "sub/dir", FS_MEM_NO_EXCHANGE },
        { "sub/dir", "file", FS_MEM_NO_EXCHANGE },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fs_stat before, after, gone;
        struct world *world;
        struct fs_dir *dir;
        const char *name = NULL;
        set_up((void **)&world);
        support_fs_write(world->fs, "file", "F");
        support_fs_write(world->fs, "other-file", "O");
        support_fs_mkdir(world->fs, "dir");
        support_fs_write(world->fs, "dir/f", "in dir");
        support_fs_mkdir(world->fs, "other-dir");
        support_fs_write(world->fs, "other-dir/g", "in other");
        support_fs_mkdir(world->fs, "sub");
        support_fs_mkdir(world->fs, "sub/dir");
        support_fs_write(world->fs, "sub/dir/h", "in sub");
        fs_mem_symlink(world->fs, "link", "sub");
        fs_mem_quirks(world->fs, rows[i].quirks);

        assert_int_equal(move(world, rows[i].from, rows[i].to, false), EEXIST);
        assert_int_equal(fs_stat(world->fs, rows[i].from, &before), 0);
        assert_int_equal(move(world, rows[i].from, rows[i].to, true), 0);
        assert_int_equal(fs_stat(world->fs, rows[i].to, &after), 0);
        assert_int_equal(fs_stat(world->fs, rows[i].from, &gone), ENOENT);
        assert_int_equal(before.ino, after.ino);
        for (int j = 0; j < 2; j++) { /* nothing hidden is left in either place */
            assert_int_equal(fs_dir_open(world->fs, j ? "sub" : "", &dir), 0);
            while (fs_dir_next(dir, &name) == 0 && name)
                assert_true(name[0] != '.');
            fs_dir_close(dir);
        }
        tear_down((void **)&world);
    }
    (void)state;
}

static void moving_one_name_of_a_file_over_another_leaves_one(void **state)
{
    struct world *world = *state;
    struct fs_file *file;

    assert_int_equal(fs_file_create(world->root, "one", 0666, &file), 0);
    assert_int_equal(fs_file_link(file, world->root, "two"), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_int_equal(move(world, "one", "two", true), 0);
    assert_list(world, "two 644 \n");
}

static void moves_that_cannot_be_are_refused_untouched(void **state)
{
    struct world *world = *state;
    const char *before = "a/ 755\na/b/ 755 {props of b}\na/b/g 644 GG\na/f 644 FFF {props of f}\n"
                         "mount/ 755\nmount/dir/ 755\nmount/f 644 M\n";

    build(world);
    support_fs_mkdir(world->fs, "mount");
    assert_int_equal(fs_mem_mount(world->fs, "mount"), 0);
    support_fs_mkdir(world->fs, "mount/dir");
    support_fs_write(world->fs, "mount/f", "M");
    assert_int_equal(move(world, "a", "a/b/c", true), EINVAL);
    assert_int_equal(move(world, "a/b", "a", true), EINVAL);
    assert_int_equal(move(world, "a", "a", true), EINVAL);
    assert_int_equal(move(world, "none", "x", true), ENOENT);
    assert_int_equal(move(world, "a", "none/x", true), ENOENT);
    assert_int_equal(move(world, "a", "mount/x", true), EXDEV);
    assert_int_equal(move(world, "a", "mount/dir", true), EXDEV);
    assert_int_equal(move(world, "a/f", "mount/f", true), EXDEV);
    assert_list(world, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_has_content_properties_modes_and_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_and_a_shallow_collection_are_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_what_a_client_sees_of_the_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_that_fail_are_told_and_the_rest_is_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_member_that_fails_halfway_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_failure_of_the_root_is_returned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_the_rest_senseless_ends_the_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unreadable_source_does_not_end_the_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_destination_without_attributes_gets_the_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_ends_copy_and_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_takes_everything_and_follows_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_goes_on_after_a_failure_and_tells_it_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_denies_us_is_removed_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_of_a_deep_tree_has_few_directories_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_brought_up_is_removed_where_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fails_once_and_is_met_again_is_no_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_deep_down_keeps_only_what_is_above_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_appear_during_a_removal_go_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removal_ends_though_names_keep_appearing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trashing_hides_at_once_and_purging_removes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_and_links_need_no_trash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_move_to_a_free_name_is_one_rename, set_up, tear_down),
        cmocka_unit_test(a_move_over_something_replaces_it_whole),
        cmocka_unit_test_setup_teardown(moving_one_name_of_a_file_over_another_leaves_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_that_cannot_be_are_refused_untouched, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
