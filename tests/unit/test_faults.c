/*
 * Nothing is lost: whatever call fails, and wherever the process dies, every resource is old or new.
 *
 * Each scenario is run over and over on a fresh memory backend. First with one failing call, the
 * first, the second and so on until none fails: afterwards the tree is as before or as it should be,
 * what is still hidden is known to the journal, and no handle is open. Then with a crash at each call:
 * from there on nothing works, the journal has only its store left, and recovery must do the same;
 * recovery itself is crashed at each of its calls too.
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
#include "fs/staging.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

/* What every scenario starts from. */
#define D_F   "d/ 755\nd/f 644 F\n"
#define TREE  "tree/ 755 {T}\ntree/a 644 AA {A}\ntree/sub/ 755\ntree/sub/b 644 B\n"
#define OTHER "other/ 755\nother/x 644 X\n"
#define FILES "file 644 old {P}\n"
#define OLD   D_F FILES OTHER TREE

static void build(struct fs *fs)
{
    support_fs_mkdir(fs, "d");
    support_fs_write(fs, "d/f", "F");
    support_fs_write(fs, "file", "old");
    support_fs_set_attr(fs, "file", "P");
    support_fs_mkdir(fs, "other");
    support_fs_write(fs, "other/x", "X");
    support_fs_mkdir(fs, "tree");
    support_fs_set_attr(fs, "tree", "T");
    support_fs_write(fs, "tree/a", "AA");
    support_fs_set_attr(fs, "tree/a", "A");
    support_fs_mkdir(fs, "tree/sub");
    support_fs_write(fs, "tree/sub/b", "B");
}

static int put(struct fs *fs, const char *unused, const char *path)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = 0644 };
    struct staging *staging;
    struct fs_stat st;

    (void)unused;
    int err = staging_open(fs, path, &staging);
    if (err)
        return err;
    staging_write(staging, "ne", 2);
    staging_write(staging, "w", 1);
    err = staging_finish(staging, &meta, "N", 1);
    if (!err)
        err = staging_commit(staging, true, &st);
    staging_free(staging);
    return err;
}

static void note_failure(void *ctx, const char *relpath, int error)
{
    (void)relpath;
    *(int *)ctx = error;
}

static int copy(struct fs *fs, const char *from, const char *to)
{
    struct progress progress = { 0 };
    struct staging *staging;
    struct fs_stat st;
    int failed = 0;
    const struct tree_report report = { .failed = note_failure, .ctx = &failed, .progress = &progress };

    int err = staging_open_tree(fs, to, &staging);
    if (err)
        return err;
    err = tree_copy(fs, from, staging_dir(staging), staging_name(staging), true, &report);
    if (!err) /* a client would be told which; here a member that is missing is a failure */
        err = failed;
    if (!err)
        err = staging_finish(staging, NULL, NULL, 0);
    if (!err)
        err = staging_commit(staging, true, &st);
    staging_free(staging);
    return err;
}

static int move(struct fs *fs, const char *from, const char *to)
{
    struct progress progress = { 0 };
    struct trash *trash;

    int err = tree_move(fs, from, to, true, &trash);
    trash_purge(trash, &progress);
    return err;
}

static int delete (struct fs *fs, const char *unused, const char *path)
{
    struct progress progress = { 0 };
    struct trash *trash;

    (void)unused;
    int err = tree_trash(fs, path, &trash);
    trash_purge(trash, &progress);
    return err;
}

#define NEW          " 644 new {N}\n"
#define COPIED(name) name "/ 755 {T}\n" name "/a 644 AA {A}\n" name "/sub/ 755\n" name "/sub/b 644 B\n"

static const struct scenario {
    const char *about;
    int (*run)(struct fs *fs, const char *from, const char *to);
    const char *from, *to;
    unsigned quirks;
    const char *result;
} scenarios[] = {
    { "PUT", put, NULL, "d/new", 0, "d/ 755\nd/f 644 F\nd/new" NEW FILES OTHER TREE },
    { "PUT over a file", put, NULL, "file", 0, D_F "file" NEW OTHER TREE },
    { "PUT over a tree", put, NULL, "other", 0, D_F FILES "other" NEW TREE },
    { "PUT, named", put, NULL, "d/new", FS_MEM_NO_UNNAMED, "d/ 755\nd/f 644 F\nd/new" NEW FILES OTHER TREE },
    { "PUT over a file, named", put, NULL, "file", FS_MEM_NO_UNNAMED, D_F "file" NEW OTHER TREE },
    { "PUT over a tree, no exchange", put, NULL, "other", FS_MEM_NO_EXCHANGE, D_F FILES "other" NEW TREE },
    { "COPY", copy, "tree", "d/t", 0, D_F COPIED("d/t") FILES OTHER TREE },
    { "COPY over a tree", copy, "tree", "other", 0, D_F FILES COPIED("other") TREE },
    { "COPY over a file", copy, "tree", "file", 0, D_F COPIED("file") OTHER TREE },
    { "COPY over a tree, no exchange", copy, "tree", "other", FS_MEM_NO_EXCHANGE,
      D_F FILES COPIED("other") TREE },
    { "COPY of a file over a tree", copy, "file", "other", 0, D_F FILES "other 644 old {P}\n" TREE },
    { "MOVE", move, "tree", "d/t", 0, D_F COPIED("d/t") FILES OTHER },
    { "MOVE of a file", move, "file", "d/g", 0, D_F "d/g 644 old {P}\n" OTHER TREE },
    { "MOVE of a file over a file", move, "file", "d/f", 0, "d/ 755\nd/f 644 old {P}\n" OTHER TREE },
    { "MOVE over a tree", move, "tree", "other", 0, D_F FILES COPIED("other") },
    { "MOVE over a file", move, "tree", "d/f", 0, "d/ 755\n" COPIED("d/f") FILES OTHER },
    { "MOVE of a file over a tree", move, "d/f", "other", 0, "d/ 755\n" FILES "other 644 F\n" TREE },
    { "MOVE over a tree, no exchange", move, "tree", "other", FS_MEM_NO_EXCHANGE, D_F FILES COPIED("other") },
    { "MOVE over a file, no exchange", move, "tree", "d/f", FS_MEM_NO_EXCHANGE,
      "d/ 755\n" COPIED("d/f") FILES OTHER },
    { "DELETE of a file", delete, NULL, "file", 0, D_F OTHER TREE },
    { "DELETE of a tree", delete, NULL, "tree", 0, D_F FILES OTHER },
};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

struct world {
    const struct scenario *scenario;
    struct support_store *store;
    struct fs *fs;
    unsigned nth; /* for messages */
};

static void world_init(struct world *world, const struct scenario *scenario, unsigned nth)
{
    *world = (struct world){ .scenario = scenario, .store = support_store_new(), .nth = nth };
    assert_int_equal(fs_mem_open(&world->fs), 0);
    build(world->fs);
    fs_mem_quirks(world->fs, scenario->quirks);
}

static void world_release(struct world *world)
{
    support_store_free(world->store);
    fs_close(world->fs);
}

/* killed: the store hears nothing of an orderly end. */
static void start(struct world *world, bool killed)
{
    struct journal_store ops = support_store_ops(world->store);

    if (killed)
        ops.remove = NULL;
    assert_int_equal(journal_open(&ops, &world->fs->journal), 0);
}

static void stop(struct world *world)
{
    journal_close(world->fs->journal);
    world->fs->journal = NULL;
}

static void assert_old_or_new(struct world *world, int err, const char *when)
{
    char *list = support_list(world->fs);
    bool is_new = strcmp(list, world->scenario->result) == 0;

    if (fs_mem_handles(world->fs))
        fail_msg("%s, call %u, %s: %u handles open", world->scenario->about, world->nth, when,
                 fs_mem_handles(world->fs));
    if (!is_new && (!err || strcmp(list, OLD) != 0))
        fail_msg("%s, call %u, %s: result %d, and there is\n%s", world->scenario->about, world->nth, when,
                 err, list);
    free(list);
}

/* One failure; the process goes on and ends in good order. False: there was no n-th call. */
static bool fails_once(const struct scenario *scenario, unsigned nth, int error)
{
    struct world world;
    unsigned purged;

    world_init(&world, scenario, nth);
    start(&world, false);
    fs_mem_fail(world.fs, FS_MEM_ANY, nth, error);
    int err = scenario->run(world.fs, scenario->from, scenario->to);
    bool failed = fs_mem_revive(world.fs);
    stop(&world);
    if (!failed)
        assert_int_equal(err, 0);
    if (!support_store_count(world.store)) /* then there must be nothing to recover */
        assert_old_or_new(&world, err, "one failure");
    start(&world, false);
    assert_int_equal(support_recover(world.fs->journal, world.fs, &purged), 0);
    stop(&world);
    assert_old_or_new(&world, err, "one failure and a restart");
    assert_int_equal(support_store_count(world.store), 0);
    world_release(&world);
    return failed;
}

static void crash(struct world *world, int *out_err, bool *out_crashed)
{
    const struct scenario *scenario = world->scenario;

    start(world, true);
    fs_mem_crash(world->fs, world->nth);
    *out_err = scenario->run(world->fs, scenario->from, scenario->to);
    *out_crashed = fs_mem_revive(world->fs);
    stop(world);
}

static void recover(struct world *world)
{
    unsigned purged;

    start(world, false);
    assert_int_equal(support_recover(world->fs->journal, world->fs, &purged), 0);
    stop(world);
}

/* Recovery is hit at its m-th call: killed there (error 0), or that one call fails. */
static bool recovery_is_hit(struct world *world, unsigned mth, int error)
{
    unsigned purged;

    start(world, error == 0);
    if (error)
        fs_mem_fail(world->fs, FS_MEM_ANY, mth, error);
    else
        fs_mem_crash(world->fs, mth);
    support_recover(world->fs->journal, world->fs, &purged);
    bool is_hit = fs_mem_revive(world->fs);
    stop(world);
    return is_hit;
}

/* A crash at the n-th call, and then in recovery another, or a failure, the first one at its m-th. */
static bool crashes(const struct scenario *scenario, unsigned nth, int error, unsigned *hits)
{
    bool crashed, recovery_is_over = false;
    int err;

    for (unsigned mth = 1; !recovery_is_over; mth++) {
        struct world world;
        world_init(&world, scenario, nth);
        crash(&world, &err, &crashed);
        recovery_is_over = !recovery_is_hit(&world, mth, error);
        *hits += !recovery_is_over;
        recover(&world);
        assert_old_or_new(&world, err, "crash");
        assert_int_equal(support_store_count(world.store), 0);
        world_release(&world);
    }
    return crashed;
}

static void any_single_failure_leaves_old_or_new(void **state)
{
    static const int errors[] = { EIO, ENOSPC, EACCES };
    unsigned faults = 0;

    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++)
        for (size_t j = 0; j < sizeof(errors) / sizeof(errors[0]); j++)
            for (unsigned nth = 1; fails_once(&scenarios[i], nth, errors[j]); nth++)
                faults++;
    print_message("%u faults injected\n", faults);
    assert_true(faults > 500);
}

static void any_crash_leaves_old_or_new(void **state)
{
    static const int errors[] = { 0, EIO, ENOSPC, EACCES, ENOMEM, EROFS };
    unsigned kills = 0, hits = 0;

    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++)
        for (size_t j = 0; j < sizeof(errors) / sizeof(errors[0]); j++)
            for (unsigned nth = 1; crashes(&scenarios[i], nth, errors[j], &hits); nth++)
                kills++;
    print_message("%u crashes survived, with %u crashes and failures in recovery, lost: 0\n", kills, hits);
    assert_true(kills > 200 && hits > 1000);
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize();
}

static int tear_down(void **state)
{
    (void)state;
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_single_failure_leaves_old_or_new),
        cmocka_unit_test(any_crash_leaves_old_or_new),
    };

    return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
