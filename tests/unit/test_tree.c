/*
 * Copying, removing, trashing and moving, over the memory backend: what a tree is afterwards is
 * one string. (test_faults.c interrupts the same operations everywhere.)
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/crew.h"
#include "fs/journal.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

struct world {
    struct fs *fs;
    struct fs_dir *root;
    struct progress progress;
    struct tree_report report;
    char failures[8192]; /* "relpath:ERRNO " ... */
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

static int refuse_file(struct fs_file *file, const void *value, size_t len)
{
    (void)file, (void)value, (void)len;
    return E2BIG;
}

static int refuse(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    (void)dir, (void)name, (void)value, (void)len;
    return ENOTSUP;
}

static int keep_some(void *ctx, const char *relpath, const void *attr, size_t len)
{
    struct world *world = ctx;
    size_t end = strlen(world->failures);

    if (strcmp(relpath, "b/link") == 0)
        return EACCES;
    snprintf(world->failures + end, sizeof(world->failures) - end, "%s=%.*s ", relpath, (int)len,
             (const char *)attr);
    return 0;
}

static void what_the_destination_does_not_take_somebody_else_may_keep(void **state)
{
    struct world *world = *state;
    const struct fs_ops *sound = world->fs->ops;
    struct fs_ops refusing = *sound;

    build(world);
    support_fs_write(world->fs, "target", "T");
    support_fs_set_attr(world->fs, "target", "of the link");
    support_fs_set_attr(world->fs, "a", "props of a");
    fs_mem_symlink(world->fs, "a/b/link", "../../target");
    fs_mem_symlink(world->fs, "a/seen", "../target");
    refusing.file_set_attr = refuse_file;
    refusing.set_attr = refuse;
    world->fs->ops = &refusing;
    world->report.keep_attr = keep_some;
    assert_int_equal(copy(world, "a", "c", true), 0);
    world->fs->ops = sound;
    static const char *const told[] = { "=props of a ", "b=props of b ", "f=props of f ", "seen=of the link ",
                                        "b/link:EACCES " };
    size_t len = 0;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        assert_non_null(strstr(world->failures, told[i]));
        len += strlen(told[i]);
    }
    assert_int_equal(strlen(world->failures), len);
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
    assert_true(world->progress.members_done >= DEEP - 1); /* of each level its file */
    fs_mem_intrude(world->fs, NULL, NULL);
    assert_int_equal(remove_tree(world, "deep"), 0);
    assert_list(world, "");
}

/* ---- with helpers ---- */

static void add_helpers(struct world *world, unsigned helpers)
{
    assert_int_equal(crew_open(helpers, &world->fs->crew), 0);
}

static void drop_helpers(struct world *world)
{
    crew_close(world->fs->crew);
    world->fs->crew = NULL;
}

/* Directories in directories, some with more files than fit into a bundle. */
static void build_bushy(struct fs *fs, const char *path, unsigned levels)
{
    char member[256];

    support_fs_mkdir(fs, path);
    support_fs_set_attr(fs, path, path);
    for (unsigned i = 0; i < (levels == 1 ? 80 : 3); i++) {
        snprintf(member, sizeof(member), "%s/f%u", path, i);
        support_fs_write(fs, member, member);
    }
    snprintf(member, sizeof(member), "%s/special", path);
    fs_mem_special(fs, member);
    snprintf(member, sizeof(member), "%s/link", path);
    fs_mem_symlink(fs, member, "f1");
    snprintf(member, sizeof(member), "%s/up", path);
    if (strchr(path, '/'))
        fs_mem_symlink(fs, member, "..");
    for (unsigned i = 0; i < 3 && levels; i++) {
        snprintf(member, sizeof(member), "%s/d%u", path, i);
        build_bushy(fs, member, levels - 1);
    }
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What was told, in an order that does not depend on who was faster. */
static char *sorted_failures(const struct world *world)
{
    char *words[200], *text = strdup(world->failures), *sorted = calloc(1, strlen(text) + 2), *rest = text;
    size_t count = 0;

    while ((words[count] = strsep(&rest, " ")) != NULL && count < 199)
        count++;
    qsort(words, count, sizeof(*words), compare_words);
    for (size_t i = 0; i < count; i++)
        strcat(strcat(sorted, words[i]), " ");
    free(text);
    return sorted;
}

/* Copies "b" to "c", takes "b" away and gives back what is there then; `failures` what was told. */
static char *copy_bushy(unsigned helpers, char **failures, struct progress *out)
{
    struct world *world;

    set_up((void **)&world);
    build_bushy(world->fs, "b", 2);
    add_helpers(world, helpers);
    assert_int_equal(copy(world, "b", "c", true), 0);
    *failures = sorted_failures(world);
    *out = world->progress;
    assert_int_equal(remove_tree(world, "b"), 0);
    char *list = support_list(world->fs);
    uint64_t before = world->progress.members_done;
    assert_int_equal(remove_tree(world, "c"), 0);
    assert_int_equal(world->progress.members_done - before, out->members_done);
    assert_list(world, "");
    drop_helpers(world);
    tear_down((void **)&world);
    return list;
}

static void any_number_of_helpers_gives_the_same_tree(void **state)
{
    struct progress progress, alone_progress;
    char *failures, *alone_failures;
    char *alone = copy_bushy(0, &alone_failures, &alone_progress);

    (void)state;
    assert_true(alone_progress.members_done > 250);
    for (unsigned round = 0; round < 30; round++) {
        char *list = copy_bushy(1 + round % 4, &failures, &progress);
        assert_string_equal(list, alone);
        assert_string_equal(failures, alone_failures);
        assert_int_equal(progress.members_done, alone_progress.members_done);
        assert_int_equal(progress.bytes_done, alone_progress.bytes_done);
        free(failures);
        free(list);
    }
    free(alone_failures);
    free(alone);
}

/* Somebody who rests until another thread than his own has been seen at work. */
struct witness {
    atomic_ulong first; /* thread; 0: nobody yet */
    atomic_bool has_second;
};

static void wait_for_second(struct witness *witness)
{
    time_t end = time(NULL) + 20;

    while (!atomic_load(&witness->has_second)) {
        assert_true(time(NULL) < end);
        usleep(100);
    }
}

static void witness_removal(void *ctx, struct fs_dir *dir, const char *name)
{
    struct witness *witness = ctx;

    (void)dir;
    (void)name;
    unsigned long first = 0;
    if (atomic_compare_exchange_strong(&witness->first, &first, pthread_self()))
        wait_for_second(witness);
    else if (first != pthread_self())
        atomic_store(&witness->has_second, true);
}

static void helpers_remove_directories(void **state)
{
    struct world *world = *state;
    struct witness witness = { 0 };

    build_bushy(world->fs, "b", 2);
    add_helpers(world, 1);
    fs_mem_intrude(world->fs, witness_removal, &witness);
    assert_int_equal(remove_tree(world, "b"), 0);
    assert_true(atomic_load(&witness.has_second));
    assert_list(world, "");
    drop_helpers(world);
}

static void what_cannot_be_brought_up_is_removed_where_it_is(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "r");
    build_bushy(world->fs, "r/b", 2);
    add_helpers(world, 1);
    fs_mem_fail(world->fs, FS_MEM_RENAME, 1, EACCES);
    assert_int_equal(remove_tree(world, "r"), 0);
    assert_true(fs_mem_revive(world->fs));
    assert_list(world, "");
    drop_helpers(world);
}

/* While this is told of one member, others are copied: so many as `failures` says. */
static void witness_copy(void *ctx, const char *relpath, int error)
{
    struct world *world = ctx;
    time_t end = time(NULL) + 20;

    assert_true(strstr(relpath, "special") && error == EACCES);
    while (world->progress.members_done < (unsigned)world->failures[0]) {
        assert_true(time(NULL) < end);
        usleep(100);
    }
}

static void make_files(struct fs *fs, const char *dir, unsigned count)
{
    char path[64];

    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%u", dir, i);
        support_fs_write(fs, path, "");
    }
}

static void copy_with_witness(struct world *world, unsigned meanwhile)
{
    world->report.failed = witness_copy;
    world->report.ctx = world;
    world->failures[0] = (char)meanwhile;
    world->progress = (struct progress){ 0 };
    add_helpers(world, 1);
    assert_int_equal(copy(world, "s", "c", true), 0);
    drop_helpers(world);
}

static void helpers_copy_directories(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "s");
    make_files(world->fs, "s", 1);
    support_fs_mkdir(world->fs, "s/a");
    fs_mem_special(world->fs, "s/a/special"); /* whoever meets that waits for the other */
    support_fs_mkdir(world->fs, "s/b");
    make_files(world->fs, "s/b", 5);
    copy_with_witness(world, 4 + 5);
    assert_int_equal(fs_mem_threads(world->fs), 2);
}

static void helpers_copy_files_of_one_directory(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "s");
    make_files(world->fs, "s", 40);
    fs_mem_special(world->fs, "s/special");
    copy_with_witness(world, 1 + 32);
    assert_int_equal(fs_mem_threads(world->fs), 2);
}

static void stop_at(void *ctx, const char *relpath, int error)
{
    struct world *world = ctx;

    (void)error;
    if (strstr(relpath, "d1"))
        progress_stop(&world->progress);
}

static void a_stop_ends_everybody_s_part(void **state)
{
    struct world *world = *state;

    build_bushy(world->fs, "b", 3);
    world->report.failed = stop_at;
    for (unsigned helpers = 0; helpers < 4; helpers++) {
        world->progress = (struct progress){ 0 };
        add_helpers(world, helpers);
        assert_int_equal(copy(world, "b", "c", true), ECANCELED);
        assert_true(world->progress.members_done < 500);
        assert_int_equal(fs_mem_handles(world->fs), 1); /* nobody holds anything any more */
        world->progress = (struct progress){ 0 };
        assert_int_equal(remove_tree(world, "c"), 0);
        drop_helpers(world);
    }
}

static void what_is_senseless_ends_everybody_s_part(void **state)
{
    static const struct {
        enum fs_mem_op op;
        int error;
    } rows[] = {
        { FS_MEM_MKDIR, ENOSPC },     { FS_MEM_FILE_CREATE, EIO }, { FS_MEM_FILE_COPY, ENOSPC },
        { FS_MEM_FILE_CLOSE, EIO },   { FS_MEM_OPEN_AT, EMFILE },  { FS_MEM_SET_ATTR, ENOSPC },
        { FS_MEM_DIR_ENTER, EMFILE }, { FS_MEM_DIR_NEXT, ENOMEM },
    };
    struct world *world = *state;

    build_bushy(world->fs, "b", 2);
    add_helpers(world, 3);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned nth = 2; nth < 12; nth += 3) {
            fs_mem_fail(world->fs, rows[i].op, nth, rows[i].error);
            int err = copy(world, "b", "c", true);
            if (err != rows[i].error)
                fail_msg("row %zu: %d", i, err);
            assert_true(fs_mem_revive(world->fs));
            assert_int_equal(fs_mem_handles(world->fs), 1);
            err = remove_tree(world, "c");
            assert_true(!err || err == ENOENT);
        }
    }
    drop_helpers(world);
}

static void a_copy_of_a_deep_tree_has_few_directories_open(void **state)
{
    struct world *world = *state;
    unsigned most = 0;
    struct fs_stat st;

    build_deep(world, "deep", DEEP);
    fs_mem_watch_handles(world->fs, &most);
    assert_int_equal(copy(world, "deep", "copy", true), 0);
    fs_mem_watch_handles(world->fs, NULL);
    assert_in_range(most, 20, 45);
    assert_int_equal(world->progress.members_done, 2 * DEEP - 1);
    assert_int_equal(remove_tree(world, "deep"), 0);
    for (unsigned i = 0; i < DEEP - 1; i++) { /* each level is there, with its file */
        struct fs_dir *dir;
        assert_int_equal(fs_dir_open(world->fs, "copy", &dir), 0);
        assert_int_equal(fs_stat_at(dir, "f", &st), 0);
        assert_int_equal(fs_rename(dir, "d", world->root, "next", FS_NOREPLACE), 0);
        assert_int_equal(fs_unlink(dir, "f"), 0);
        fs_dir_close(dir);
        assert_int_equal(fs_rmdir(world->root, "copy"), 0);
        assert_int_equal(fs_rename(world->root, "next", world->root, "copy", FS_NOREPLACE), 0);
    }
    assert_string_equal(world->failures, "");
}

static void types_that_the_directory_does_not_tell_are_looked_up(void **state)
{
    struct world *world = *state;

    build_bushy(world->fs, "b", 1);
    assert_int_equal(copy(world, "b", "c", true), 0);
    char *told = support_list(world->fs), *failures = strdup(world->failures);
    assert_int_equal(remove_tree(world, "c"), 0);
    world->failures[0] = '\0';
    fs_mem_quirks(world->fs, FS_MEM_NO_TYPES);
    assert_int_equal(copy(world, "b", "c", true), 0);
    char *looked_up = support_list(world->fs);
    assert_string_equal(looked_up, told);
    assert_string_equal(world->failures, failures);
    assert_int_equal(remove_tree(world, "b"), 0);
    assert_int_equal(remove_tree(world, "c"), 0);
    assert_list(world, "");
    free(looked_up);
    free(failures);
    free(told);
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
        cmocka_unit_test_setup_teardown(what_the_destination_does_not_take_somebody_else_may_keep, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stopping_ends_copy_and_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_takes_everything_and_follows_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_goes_on_after_a_failure_and_tells_it_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_denies_us_is_removed_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removal_of_a_deep_tree_has_few_directories_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_deep_down_keeps_only_what_is_above_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_appear_during_a_removal_go_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removal_ends_though_names_keep_appearing, set_up, tear_down),
        cmocka_unit_test(any_number_of_helpers_gives_the_same_tree),
        cmocka_unit_test_setup_teardown(helpers_remove_directories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_brought_up_is_removed_where_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(helpers_copy_directories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(helpers_copy_files_of_one_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_ends_everybody_s_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_senseless_ends_everybody_s_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_of_a_deep_tree_has_few_directories_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_that_the_directory_does_not_tell_are_looked_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(trashing_hides_at_once_and_purging_removes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_and_links_need_no_trash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_move_to_a_free_name_is_one_rename, set_up, tear_down),
        cmocka_unit_test(a_move_over_something_replaces_it_whole),
        cmocka_unit_test_setup_teardown(moving_one_name_of_a_file_over_another_leaves_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_that_cannot_be_are_refused_untouched, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
