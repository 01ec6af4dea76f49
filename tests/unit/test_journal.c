/*
 * The journal: what is recorded when, what recovery removes, and what it puts back.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/staging.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

struct world {
    struct support_store *store;
    struct journal *journal;
    struct fs *fs;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    apr_initialize();
    world->store = support_store_new();
    struct journal_store ops = support_store_ops(world->store);
    assert_int_equal(journal_open(&ops, &world->journal), 0);
    assert_int_equal(fs_mem_open(&world->fs), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    journal_close(world->journal);
    support_store_free(world->store);
    assert_int_equal(fs_mem_handles(world->fs), 0);
    fs_close(world->fs);
    free(world);
    apr_terminate();
    return 0;
}

/* As if the process had been killed and started again. */
static void restart(struct world *world)
{
    struct journal_store ops = support_store_ops(world->store);

    assert_int_equal(journal_open(&ops, &world->journal), 0);
}

static void assert_list(struct fs *fs, const char *expected)
{
    char *list = support_list(fs);

    assert_string_equal(list, expected);
    free(list);
}

static void a_directory_is_recorded_before_enter_returns(void **state)
{
    struct world *world = *state;

    assert_int_equal(journal_enter(world->journal, "a"), 0);
    assert_true(support_store_has(world->store, "a"));
    journal_leave(world->journal, "a");
    assert_true(support_store_has(world->store, "a")); /* the next one costs nothing */
    support_store_fail(world->store, EIO);
    assert_int_equal(journal_enter(world->journal, "a"), 0);
    journal_leave(world->journal, "a");
}

static void entering_fails_as_the_store_does(void **state)
{
    struct world *world = *state;

    support_store_fail(world->store, ENOSPC);
    assert_int_equal(journal_enter(world->journal, "a"), ENOSPC);
    support_store_fail(world->store, 0);
    assert_int_equal(journal_enter(world->journal, "a"), 0); /* not taken for recorded */
    assert_true(support_store_has(world->store, "a"));
    journal_leave(world->journal, "a");
}

static void closing_forgets_only_where_nobody_is(void **state)
{
    struct world *world = *state;

    assert_int_equal(journal_enter(world->journal, "left"), 0);
    assert_int_equal(journal_enter(world->journal, "twice"), 0);
    assert_int_equal(journal_enter(world->journal, "twice"), 0);
    journal_leave(world->journal, "left");
    journal_leave(world->journal, "twice");
    journal_close(world->journal);
    assert_false(support_store_has(world->store, "left"));
    assert_true(support_store_has(world->store, "twice"));
    restart(world);
}

static void no_journal_records_nothing(void **state)
{
    (void)state;
    assert_int_equal(journal_enter(NULL, "a"), 0);
    journal_leave(NULL, "a");
    assert_int_equal(journal_moved(NULL, "a", "b"), 0);
    journal_close(NULL);
}

static void a_moved_tree_is_recorded_under_both_names(void **state)
{
    struct world *world = *state;

    assert_int_equal(journal_enter(world->journal, "a/b/c"), 0);
    assert_int_equal(journal_enter(world->journal, "a/left"), 0);
    assert_int_equal(journal_enter(world->journal, "ab"), 0);
    journal_leave(world->journal, "a/left");
    assert_int_equal(journal_moved(world->journal, "a", "x/y"), 0);
    assert_true(support_store_has(world->store, "a/b/c"));
    assert_true(support_store_has(world->store, "x/y/b/c"));
    assert_false(support_store_has(world->store, "x/y/left"));
    assert_int_equal(support_store_count(world->store), 4);
    journal_leave(world->journal, "a/b/c");
    journal_leave(world->journal, "ab");
    journal_close(world->journal);
    assert_true(support_store_has(world->store, "x/y/b/c")); /* who knows what is there */
    assert_int_equal(support_store_count(world->store), 1);
    restart(world);
}

static void a_tree_that_cannot_be_recorded_is_not_moved(void **state)
{
    struct world *world = *state;
    struct trash *trash;
    struct fs_stat st;

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "a/b");
    world->fs->journal = world->journal;
    assert_int_equal(journal_enter(world->journal, "a/b"), 0);
    support_store_fail(world->store, ENOSPC);
    assert_int_equal(tree_move(world->fs, "a", "x", false, &trash), ENOSPC);
    assert_null(trash);
    assert_int_equal(fs_stat(world->fs, "a/b", &st), 0);
    support_store_fail(world->store, 0);
    assert_int_equal(tree_move(world->fs, "a", "x", false, &trash), 0);
    assert_true(support_store_has(world->store, "x/b"));
    journal_leave(world->journal, "a/b");
    world->fs->journal = NULL;
}

static void recovery_purges_what_is_hidden_and_nothing_else(void **state)
{
    struct world *world = *state;
    unsigned purged = 77;

    support_fs_mkdir(world->fs, "a");
    support_fs_write(world->fs, "a/f", "F");
    support_fs_write(world->fs, "a/.holdfast-1-600000000a-1", "staged");
    support_fs_mkdir(world->fs, "a/.holdfast-1-600000000a-2");
    support_fs_mkdir(world->fs, "a/.holdfast-1-600000000a-2/sub");
    support_fs_write(world->fs, "a/.holdfast-1-600000000a-2/sub/f", "trash");
    support_fs_mkdir(world->fs, "b");
    support_fs_write(world->fs, "b/.holdfast-1-600000000a-3", "not recorded");
    support_fs_write(world->fs, ".holdfast-1-600000000a-4", "at the root");
    assert_int_equal(journal_enter(world->journal, "a"), 0);
    assert_int_equal(journal_enter(world->journal, "gone"), 0);
    assert_int_equal(journal_enter(world->journal, "a/f"), 0); /* something else by now */
    assert_int_equal(journal_enter(world->journal, ""), 0);
    journal_close(world->journal);
    restart(world);
    fs_mem_fail(world->fs, FS_MEM_ANY, 0, 0);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), 0);
    assert_int_equal(purged, 3);
    assert_int_equal(fs_mem_calls(world->fs, FS_MEM_DIR_SYNC), 2); /* before it is forgotten */
    assert_list(world->fs, "a/ 755\na/f 644 F\nb/ 755\nb/.holdfast-1-600000000a-3 644 not recorded\n");
    assert_int_equal(support_store_count(world->store), 0);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), 0);
    assert_int_equal(purged, 0);
}

static void what_cannot_be_purged_stays_recorded_and_the_rest_goes_on(void **state)
{
    struct world *world = *state;
    unsigned purged;

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "b");
    support_fs_write(world->fs, "a/.holdfast-1-600000000a-1", "");
    support_fs_write(world->fs, "b/.holdfast-1-600000000a-2", "");
    assert_int_equal(journal_enter(world->journal, "a"), 0);
    assert_int_equal(journal_enter(world->journal, "b"), 0);
    journal_close(world->journal);
    restart(world);
    fs_mem_fail(world->fs, FS_MEM_UNLINK, 1, EACCES);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), EACCES);
    assert_int_equal(purged, 1);
    assert_int_equal(support_store_count(world->store), 1);
    assert_true(support_store_has(world->store, "a"));
    journal_close(world->journal);
    restart(world);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), 0);
    assert_int_equal(purged, 1);
    assert_int_equal(support_store_count(world->store), 0);
    assert_list(world->fs, "a/ 755\nb/ 755\n");
}

/* A hidden directory in "d" that holds "d/NAME" of before. */
static void put_aside(struct world *world, const char *name, uint64_t ino_difference)
{
    char from[64], hidden[HIDDEN_SIZE], aside[HIDDEN_SIZE + 2];
    struct fs_dir *dir, *aside_dir;
    struct fs_stat st;

    snprintf(from, sizeof(from), "d/%s", name);
    assert_int_equal(fs_stat(world->fs, from, &st), 0);
    hidden_aside_name(st.ino + ino_difference, hidden);
    snprintf(aside, sizeof(aside), "d/%s", hidden);
    support_fs_mkdir(world->fs, aside);
    assert_int_equal(fs_dir_open(world->fs, "d", &dir), 0);
    assert_int_equal(fs_dir_open(world->fs, aside, &aside_dir), 0);
    assert_int_equal(fs_rename(dir, name, aside_dir, name, FS_NOREPLACE), 0);
    fs_dir_close(dir);
    fs_dir_close(aside_dir);
}

static void recovery_puts_back_what_was_put_aside_and_no_more(void **state)
{
    struct world *world = *state;
    unsigned purged;

    support_fs_mkdir(world->fs, "d");
    support_fs_mkdir(world->fs, "d/half");
    support_fs_mkdir(world->fs, "d/half/in-use");
    support_fs_write(world->fs, "d/half/in-use/.holdfast-1-600000000a-1", "staged below it");
    support_fs_mkdir(world->fs, "d/done");
    support_fs_mkdir(world->fs, "d/other");
    put_aside(world, "half", 0);
    put_aside(world, "done", 0);
    put_aside(world, "other", 1);                 /* an exchange brought it here: it is the old one */
    support_fs_write(world->fs, "d/done", "new"); /* its place is taken */
    assert_int_equal(journal_enter(world->journal, "d/half/in-use"), 0);
    assert_int_equal(journal_enter(world->journal, "d"), 0);
    journal_close(world->journal);
    restart(world);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), 0);
    assert_list(world->fs, "d/ 755\nd/done 644 new\nd/half/ 755\nd/half/in-use/ 755\n");
    assert_int_equal(purged, 4);
    assert_int_equal(support_store_count(world->store), 0);
}

static void what_cannot_be_put_back_is_not_purged(void **state)
{
    struct world *world = *state;
    unsigned purged;

    support_fs_mkdir(world->fs, "d");
    support_fs_write(world->fs, "d/half", "precious");
    put_aside(world, "half", 0);
    assert_int_equal(journal_enter(world->journal, "d"), 0);
    journal_close(world->journal);
    restart(world);
    for (unsigned n = 1;; n++) { /* whatever fails */
        fs_mem_crash(world->fs, n);
        support_recover(world->journal, world->fs, &purged);
        if (!fs_mem_revive(world->fs))
            break;
    }
    assert_list(world->fs, "d/ 755\nd/half 644 precious\n");
}

/* Directories one in the other, "d/.holdfast-1-600000000a-1" the first of them. */
static void build_deep(struct world *world, unsigned levels)
{
    struct fs_dir *in, *dir;

    assert_int_equal(fs_dir_open(world->fs, "d", &in), 0);
    for (unsigned i = 0; i < levels; i++) {
        assert_int_equal(fs_mkdir(in, "new", 0777), 0);
        assert_int_equal(fs_dir_enter(in, "new", &dir), 0);
        if (i)
            assert_int_equal(fs_rename(in, ".holdfast-1-600000000a-1", dir, "x", FS_NOREPLACE), 0);
        fs_dir_close(dir);
        assert_int_equal(fs_rename(in, "new", in, ".holdfast-1-600000000a-1", FS_NOREPLACE), 0);
    }
    fs_dir_close(in);
}

static void a_deep_tree_is_purged_though_every_recovery_is_killed(void **state)
{
    struct world *world = *state;
    unsigned purged, kills = 0;

    support_fs_mkdir(world->fs, "d");
    assert_int_equal(journal_enter(world->journal, "d"), 0);
    for (unsigned nth = 1;; nth += 7) {
        struct fs_stat st;
        if (fs_stat(world->fs, "d/.holdfast-1-600000000a-1", &st) != 0)
            build_deep(world, 100);
        fs_mem_crash(world->fs, nth);
        support_recover(world->journal, world->fs, &purged);
        if (!fs_mem_revive(world->fs))
            break;
        assert_int_equal(fs_mem_handles(world->fs), 0);
        journal_close(world->journal);
        restart(world);
        kills++;
    }
    assert_true(kills > 20);
    assert_list(world->fs, "d/ 755\n");
    assert_int_equal(support_store_count(world->store), 0);
}

/* A COPY into "p/q", while "p" is deleted and purged: as long as it can, it makes names. */
struct copying {
    struct fs *fs;
    struct staging *staging;
    bool is_over;
};

static void go_on_copying(void *ctx, struct fs_dir *dir, const char *name)
{
    struct copying *copying = ctx;
    struct fs_dir *in;

    (void)dir, (void)name;
    if (copying->is_over)
        return;
    if (fs_mkdir(staging_dir(copying->staging), staging_name(copying->staging), 0777) == 0 &&
        fs_dir_enter(staging_dir(copying->staging), staging_name(copying->staging), &in) == 0) {
        fs_mkdir(in, "member", 0777);
        fs_dir_close(in);
    }
}

static void what_a_running_copy_keeps_from_being_removed_goes_with_it(void **state)
{
    struct world *world = *state;
    struct copying copying = { .fs = world->fs };
    struct progress progress = { 0 };
    struct trash *trash;

    world->fs->journal = world->journal;
    support_fs_mkdir(world->fs, "p");
    support_fs_mkdir(world->fs, "p/q");
    assert_int_equal(staging_open_tree(world->fs, "p/q/copy", &copying.staging), 0);
    fs_mem_intrude(world->fs, go_on_copying, &copying);
    assert_int_equal(tree_trash(world->fs, "p", &trash), 0);
    trash_purge(trash, &progress);
    char *list = support_list(world->fs);
    assert_non_null(strstr(list, "/q/")); /* it could not be removed */
    free(list);
    copying.is_over = true;
    staging_free(copying.staging);
    assert_list(world->fs, "");
    journal_close(world->journal);
    assert_int_equal(support_store_count(world->store), 0); /* nothing is left to recovery */
    restart(world);
}

static void what_is_postponed_at_the_end_is_left_for_recovery(void **state)
{
    struct world *world = *state;
    struct copying copying = { .fs = world->fs };
    struct progress progress = { 0 };
    struct trash *trash;
    unsigned purged;

    world->fs->journal = world->journal;
    support_fs_mkdir(world->fs, "p");
    support_fs_mkdir(world->fs, "p/q");
    assert_int_equal(staging_open_tree(world->fs, "p/q/copy", &copying.staging), 0);
    fs_mem_intrude(world->fs, go_on_copying, &copying);
    assert_int_equal(tree_trash(world->fs, "p", &trash), 0);
    trash_purge(trash, &progress);
    copying.is_over = true;
    progress_stop(&progress);
    staging_purge(copying.staging, &progress);
    journal_close(world->journal);
    assert_true(support_store_has(world->store, ""));
    restart(world);
    assert_int_equal(support_recover(world->journal, world->fs, &purged), 0);
    assert_list(world->fs, "");
    assert_int_equal(support_store_count(world->store), 0);
}

/* A store that only counts. */
struct counts {
    unsigned rows, adds, removes;
    char first[32]; /* that was removed */
};

static int count_add(void *ctx, const char *dir_path)
{
    struct counts *counts = ctx;

    (void)dir_path;
    counts->rows++;
    counts->adds++;
    return 0;
}

static int count_remove(void *ctx, const char *dir_path)
{
    struct counts *counts = ctx;

    if (!counts->removes++)
        snprintf(counts->first, sizeof(counts->first), "%s", dir_path);
    counts->rows--;
    return 0;
}

static void places_left_long_ago_are_forgotten(void **state)
{
    struct counts counts = { 0 };
    const struct journal_store store = { .ctx = &counts, .add = count_add, .remove = count_remove };
    struct journal *journal;
    char path[32];

    (void)state;
    assert_int_equal(journal_open(&store, &journal), 0);
    assert_int_equal(journal_enter(journal, "busy"), 0);
    for (unsigned i = 0; i < 6000; i++) {
        snprintf(path, sizeof(path), "d/%u", i);
        assert_int_equal(journal_enter(journal, path), 0);
        journal_leave(journal, path);
        assert_int_equal(journal_enter(journal, "often"), 0);
        journal_leave(journal, "often");
        assert_true(counts.rows <= JOURNAL_IDLE_MAX + 2);
    }
    assert_string_equal(counts.first, "d/0");
    assert_int_equal(counts.adds, 6002); /* what is used is not forgotten */
    assert_int_equal(counts.removes, 6002 - 1 - JOURNAL_IDLE_MAX);
    assert_int_equal(journal_enter(journal, "d/0"), 0); /* and comes back */
    assert_int_equal(counts.adds, 6003);
    journal_leave(journal, "d/0");
    journal_leave(journal, "busy");
    journal_close(journal);
    assert_int_equal(counts.rows, 0);
}

static void a_removed_tree_is_forgotten(void **state)
{
    struct world *world = *state;
    struct progress progress = { 0 };
    struct trash *trash;

    world->fs->journal = world->journal;
    support_fs_mkdir(world->fs, "p");
    support_fs_mkdir(world->fs, "p/q");
    assert_int_equal(journal_enter(world->journal, "p"), 0);
    assert_int_equal(journal_enter(world->journal, "p/q"), 0);
    assert_int_equal(journal_enter(world->journal, "p/busy"), 0);
    assert_int_equal(journal_enter(world->journal, "pq"), 0);
    journal_leave(world->journal, "p");
    journal_leave(world->journal, "p/q");
    journal_leave(world->journal, "pq");
    assert_int_equal(tree_trash(world->fs, "p", &trash), 0);
    trash_purge(trash, &progress);
    assert_false(support_store_has(world->store, "p"));
    assert_false(support_store_has(world->store, "p/q"));
    assert_true(support_store_has(world->store, "p/busy"));
    assert_true(support_store_has(world->store, "pq"));
    assert_true(support_store_has(world->store, ""));
    assert_int_equal(support_store_count(world->store), 3);
    journal_leave(world->journal, "p/busy");
}

static void hidden_names_are_short_different_and_known(void **state)
{
    char one[HIDDEN_SIZE], two[HIDDEN_SIZE], aside[HIDDEN_SIZE];
    uint64_t ino = 0;

    (void)state;
    hidden_name(one);
    hidden_name(two);
    assert_string_not_equal(one, two);
    assert_memory_equal(one, ".holdfast-", 10);
    assert_false(hidden_is_aside(one, &ino));
    hidden_aside_name(UINT64_MAX, aside);
    assert_true(strlen(aside) < HIDDEN_SIZE - 1);
    assert_true(hidden_is_aside(aside, &ino));
    assert_true(ino == UINT64_MAX);
}

#define THREADS 4
#define ROUNDS  500

static void *enter_and_leave(void *arg)
{
    struct journal *journal = arg;
    char path[32];

    for (unsigned i = 0; i < ROUNDS; i++) {
        snprintf(path, sizeof(path), "d/%u", i % 100);
        assert_int_equal(journal_enter(journal, path), 0);
        if (i % 50 == 0)
            journal_moved(journal, "elsewhere", "nowhere");
        journal_leave(journal, path);
    }
    return NULL;
}

static void many_threads_may_use_it(void **state)
{
    struct world *world = *state;
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, enter_and_leave, world->journal), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(support_store_count(world->store), 100);
    journal_close(world->journal);
    assert_int_equal(support_store_count(world->store), 0);
    restart(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_directory_is_recorded_before_enter_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entering_fails_as_the_store_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_forgets_only_where_nobody_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_journal_records_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tree_that_cannot_be_recorded_is_not_moved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_moved_tree_is_recorded_under_both_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovery_purges_what_is_hidden_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_purged_stays_recorded_and_the_rest_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(recovery_puts_back_what_was_put_aside_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_put_back_is_not_purged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deep_tree_is_purged_though_every_recovery_is_killed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_running_copy_keeps_from_being_removed_goes_with_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_postponed_at_the_end_is_left_for_recovery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_left_long_ago_are_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removed_tree_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hidden_names_are_short_different_and_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_may_use_it, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
