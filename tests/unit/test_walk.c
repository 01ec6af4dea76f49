/*
 * Walks over the memory backend, which lists names in the order in which they were made: a walk
 * can be written down as a line of events.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/walk.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

static int set_up(void **state)
{
    return fs_mem_open((struct fs **)state);
}

static int tear_down(void **state)
{
    assert_int_equal(fs_mem_handles(*state), 0);
    fs_close(*state);
    return 0;
}

/* "(a" enter, ")a" leave, "a" an entry, "!a:ERRNO" a failure, "@" before what is reached by a link. */
static void trace_event(FILE *out, enum walk_event event, const struct walk_entry *entry)
{
    static const char *const marks[] = {
        [WALK_ENTRY] = "", [WALK_ENTER] = "(", [WALK_LEAVE] = ")", [WALK_FAILED] = "!"
    };

    fprintf(out, "%s%s%s%s", ftell(out) ? " " : "", marks[event], entry->via_link ? "@" : "", entry->relpath);
    if (event == WALK_FAILED)
        fprintf(out, ":%s", entry->error == ELOOP ? "ELOOP" : entry->error == EACCES ? "EACCES" : "?");
}

static char *trace(struct walk *walk, const char *skip)
{
    struct walk_entry entry;
    enum walk_event event;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    while ((event = walk_next(walk, &entry)) != WALK_END) {
        trace_event(out, event, &entry);
        if (event == WALK_ENTER && skip && strcmp(entry.relpath, skip) == 0)
            walk_skip(walk);
    }
    assert_int_equal(walk_next(walk, &entry), WALK_END); /* and stays there */
    fclose(out);
    walk_close(walk);
    return text;
}

static void assert_walk(struct fs *fs, const char *path, unsigned flags, int max_depth, const char *expected)
{
    struct walk *walk;

    assert_int_equal(walk_open(fs, path, flags, max_depth, &walk), 0);
    char *text = trace(walk, NULL);
    assert_string_equal(text, expected);
    free(text);
}

static void build(struct fs *fs)
{
    support_fs_mkdir(fs, "a");
    support_fs_write(fs, "a/f", "");
    support_fs_mkdir(fs, "a/b");
    support_fs_write(fs, "a/b/g", "");
    support_fs_mkdir(fs, "a/b/empty");
    support_fs_write(fs, "a/h", "");
}

static void directories_come_before_and_after_their_members(void **state)
{
    build(*state);
    assert_walk(*state, "a", 0, WALK_DEEP, "( f (b b/g (b/empty )b/empty )b h )");
    assert_walk(*state, "", 0, WALK_DEEP, "( (a a/f (a/b a/b/g (a/b/empty )a/b/empty )a/b a/h )a )");
    assert_walk(*state, "a/f", 0, WALK_DEEP, "");
}

static void the_root_of_a_walk_has_an_empty_relpath(void **state)
{
    struct walk_entry entry;
    struct walk *walk;

    build(*state);
    assert_int_equal(walk_open(*state, "a/f", 0, WALK_DEEP, &walk), 0);
    assert_int_equal(walk_next(walk, &entry), WALK_ENTRY);
    assert_string_equal(entry.path, "a/f");
    assert_string_equal(entry.relpath, "");
    assert_string_equal(entry.name, "f");
    assert_int_equal(entry.depth, 0);
    assert_int_equal(entry.st.type, FS_FILE);
    assert_int_equal(walk_next(walk, &entry), WALK_END);
    walk_close(walk);
}

static void every_event_tells_where_it_is(void **state)
{
    struct walk_entry entry;
    enum walk_event event;
    struct walk *walk;
    struct fs_stat st;
    unsigned members = 0;

    build(*state);
    assert_int_equal(walk_open(*state, "", 0, WALK_DEEP, &walk), 0);
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        assert_string_equal(entry.path, entry.relpath);
        assert_int_equal(fs_stat(*state, entry.path, &st), 0);
        assert_int_equal(st.ino, entry.st.ino);
        assert_int_equal(fs_stat_at(entry.dir, entry.name, &st), 0); /* the name is one of `dir` */
        assert_int_equal(st.ino, entry.st.ino);
        members += event != WALK_LEAVE;
    }
    assert_int_equal(members, 7);
    walk_close(walk);
}

static void depth_is_limited(void **state)
{
    build(*state);
    assert_walk(*state, "a", 0, 0, "( )");
    assert_walk(*state, "a", 0, 1, "( f (b )b h )");
    assert_walk(*state, "a", 0, 2, "( f (b b/g (b/empty )b/empty )b h )");
    fs_mem_fail(*state, FS_MEM_ANY, 0, 0);
    assert_walk(*state, "a", 0, 0, "( )");
    assert_int_equal(fs_mem_calls(*state, FS_MEM_DIR_ENTER), 0); /* unopened */
}

static void a_skipped_directory_is_left_at_once(void **state)
{
    struct walk *walk;

    build(*state);
    assert_int_equal(walk_open(*state, "a", 0, WALK_DEEP, &walk), 0);
    char *text = trace(walk, "b");
    assert_string_equal(text, "( f (b )b h )");
    free(text);
}

static void names_of_ours_are_not_there_unless_asked_for(void **state)
{
    struct fs *fs = *state;

    support_fs_mkdir(fs, ".holdfast");
    support_fs_mkdir(fs, ".holdfast-1");
    support_fs_write(fs, ".holdfast-1/f", "");
    support_fs_mkdir(fs, "a");
    support_fs_write(fs, "a/.holdfast-2", "");
    support_fs_write(fs, "a/.holdfast", "");
    assert_walk(fs, "", 0, WALK_DEEP, "( (a a/.holdfast )a )");
    assert_walk(
        fs, "", WALK_HIDDEN, WALK_DEEP,
        "( (.holdfast ).holdfast (.holdfast-1 .holdfast-1/f ).holdfast-1 (a a/.holdfast-2 a/.holdfast )a )");
}

static void links_are_followed_or_shown(void **state)
{
    struct fs *fs = *state;

    support_fs_mkdir(fs, "t");
    support_fs_write(fs, "t/f", "content");
    support_fs_mkdir(fs, "a");
    fs_mem_symlink(fs, "a/file", "../t/f");
    fs_mem_symlink(fs, "a/dir", "../t");
    fs_mem_symlink(fs, "a/dangling", "nothing");
    fs_mem_symlink(fs, "a/through-file", "../t/f/x");
    fs_mem_symlink(fs, "a/out", "../../etc");
    fs_mem_symlink(fs, "a/absolute", "/etc");
    fs_mem_symlink(fs, "link", "a");
    assert_walk(fs, "a", 0, WALK_DEEP, "( file dir dangling through-file out absolute )");
    assert_walk(fs, "a", WALK_FOLLOW, WALK_DEEP, "( @file (@dir dir/f )@dir )");
    assert_walk(fs, "link", 0, WALK_DEEP, "(@ file dir dangling through-file out absolute )@");
}

static void circles_fail_and_do_not_turn(void **state)
{
    struct fs *fs = *state;

    support_fs_mkdir(fs, "a");
    fs_mem_symlink(fs, "a/self", ".");
    fs_mem_symlink(fs, "a/itself", "itself");
    support_fs_mkdir(fs, "a/b");
    fs_mem_symlink(fs, "a/b/up", "..");
    fs_mem_symlink(fs, "a/b/cross", "../../c");
    support_fs_mkdir(fs, "c");
    fs_mem_symlink(fs, "c/back", "../a");
    assert_walk(
        fs, "a", WALK_FOLLOW, WALK_DEEP,
        "( !@self:ELOOP !@itself:ELOOP (b !@b/up:ELOOP (@b/cross !@b/cross/back:ELOOP )@b/cross )b )");
    /* begun below, "up" is no circle yet; what lies below it is one */
    assert_walk(fs, "a/b", WALK_FOLLOW, 2,
                "( (@up !@up/self:ELOOP !@up/itself:ELOOP !up/b:ELOOP )@up (@cross (@cross/back )@cross/back "
                ")@cross )");
}

static void a_directory_that_cannot_be_opened_fails_and_the_rest_goes_on(void **state)
{
    build(*state);
    fs_mem_fail(*state, FS_MEM_DIR_ENTER, 2, EACCES); /* a, then b */
    assert_walk(*state, "a", 0, WALK_DEEP, "( f !b:EACCES h )");
}

static void a_directory_that_cannot_be_read_on_fails_in_the_middle(void **state)
{
    struct walk_entry entry;
    struct walk *walk;

    build(*state);
    fs_mem_fail(*state, FS_MEM_DIR_NEXT, 4, EACCES); /* f, b, b/g, and now */
    assert_walk(*state, "a", 0, WALK_DEEP, "( f (b b/g !b:EACCES )b h )");
    fs_mem_fail(*state, FS_MEM_DIR_NEXT, 4, EACCES);
    assert_int_equal(walk_open(*state, "a", 0, WALK_DEEP, &walk), 0);
    while (walk_next(walk, &entry) != WALK_FAILED)
        ;
    walk_retry(walk); /* there is nothing to be tried again */
    char *text = trace(walk, NULL);
    assert_string_equal(text, ")b h )");
    free(text);
}

static void what_vanishes_is_skipped(void **state)
{
    build(*state);
    fs_mem_fail(*state, FS_MEM_STAT_AT, 2, ENOENT); /* f */
    assert_walk(*state, "a", 0, WALK_DEEP, "( (b b/g (b/empty )b/empty )b h )");
    fs_mem_fail(*state, FS_MEM_DIR_ENTER, 2, ENOENT); /* b, gone or changed since it was looked at */
    assert_walk(*state, "a", 0, WALK_DEEP, "( f h )");
    fs_mem_fail(*state, FS_MEM_DIR_ENTER, 2, ELOOP);
    assert_walk(*state, "a", 0, WALK_DEEP, "( f h )");
}

static void a_failed_directory_can_be_tried_again(void **state)
{
    struct walk_entry entry;
    struct walk *walk;

    build(*state);
    fs_mem_fail(*state, FS_MEM_DIR_ENTER, 1, EACCES);
    assert_int_equal(walk_open(*state, "a", 0, WALK_DEEP, &walk), 0);
    assert_int_equal(walk_next(walk, &entry), WALK_FAILED);
    assert_string_equal(entry.relpath, "");
    walk_retry(walk);
    fs_mem_fail(*state, FS_MEM_DIR_ENTER, 2, EACCES);
    assert_int_equal(walk_next(walk, &entry), WALK_ENTER);
    assert_int_equal(walk_next(walk, &entry), WALK_ENTRY);
    assert_int_equal(walk_next(walk, &entry), WALK_FAILED);
    assert_string_equal(entry.relpath, "b");
    walk_retry(walk);
    char *text = trace(walk, NULL);
    assert_string_equal(text, "(b b/g (b/empty )b/empty )b h )");
    free(text);
}

static void what_is_not_there_cannot_be_walked(void **state)
{
    struct walk *walk = NULL;

    build(*state);
    fs_mem_symlink(*state, "dangling", "nothing");
    fs_mem_symlink(*state, "out", "..");
    assert_int_equal(walk_open(*state, "none", 0, WALK_DEEP, &walk), ENOENT);
    assert_int_equal(walk_open(*state, "none/a", 0, WALK_DEEP, &walk), ENOENT);
    assert_int_equal(walk_open(*state, "a/f/x", 0, WALK_DEEP, &walk), ENOTDIR);
    assert_int_equal(walk_open(*state, "dangling", 0, WALK_DEEP, &walk), ENOENT);
    assert_int_equal(walk_open(*state, "out", 0, WALK_DEEP, &walk), EXDEV);
    assert_null(walk);
}

static void a_walk_may_be_closed_in_the_middle(void **state)
{
    struct walk_entry entry;
    struct walk *walk;

    build(*state);
    assert_int_equal(walk_open(*state, "", 0, WALK_DEEP, &walk), 0);
    for (int i = 0; i < 4; i++)
        walk_next(walk, &entry);
    walk_close(walk); /* tear_down counts the handles */
    walk_close(NULL);
}

static void long_paths_and_deep_trees_are_walked(void **state)
{
    char name[201], path[4096] = "";
    struct walk_entry entry;
    enum walk_event event;
    struct walk *walk;
    int deepest = 0;

    memset(name, 'n', 200);
    name[200] = '\0';
    for (int i = 0; i < 20; i++) {
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s%s", i ? "/" : "", name);
        support_fs_mkdir(*state, path);
    }
    assert_int_equal(walk_open(*state, "", 0, WALK_DEEP, &walk), 0);
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        if (event == WALK_ENTER && entry.depth > deepest) {
            deepest = entry.depth;
            assert_int_equal(strlen(entry.path), 201 * deepest - 1);
        }
    }
    assert_int_equal(deepest, 20);
    walk_close(walk);
}

#define DEEP 200

/* "d/d/d/...", with a file "e" and a file "f" in each, which come before and after the "d". */
static void build_deep(struct fs *fs)
{
    struct fs_dir *dir, *below;
    struct fs_file *file;

    assert_int_equal(fs_dir_open(fs, "", &dir), 0);
    for (int i = 0; i < DEEP; i++) {
        static const char *const names[] = { "e", NULL, "f" };
        for (int j = 0; j < 3; j++) {
            assert_int_equal(names[j] ? fs_file_create(dir, names[j], 0666, &file) : fs_mkdir(dir, "d", 0777),
                             0);
            if (names[j])
                assert_int_equal(fs_file_close(file), 0);
        }
        assert_int_equal(fs_dir_enter(dir, "d", &below), 0);
        fs_dir_close(dir);
        dir = below;
    }
    fs_dir_close(dir);
}

static void a_deep_walk_has_few_directories_open_and_misses_nothing(void **state)
{
    unsigned most = 0, before = 0, after = 0, entered = 0, left = 0;
    struct walk_entry entry;
    enum walk_event event;
    struct fs_stat st;
    struct walk *walk;

    build_deep(*state);
    fs_mem_watch_handles(*state, &most);
    assert_int_equal(walk_open(*state, "", WALK_FOLLOW, WALK_DEEP, &walk), 0);
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        assert_true(event != WALK_FAILED);
        if (entry.depth) { /* what an event tells can be used */
            assert_int_equal(fs_stat_at(entry.dir, entry.name, &st), 0);
            assert_int_equal(st.ino, entry.st.ino);
            assert_int_equal(strlen(entry.path), 2 * entry.depth - 1);
        }
        before += event == WALK_ENTRY && strcmp(entry.name, "e") == 0;
        after += event == WALK_ENTRY && strcmp(entry.name, "f") == 0;
        entered += event == WALK_ENTER;
        left += event == WALK_LEAVE;
    }
    walk_close(walk);
    assert_int_equal(before, DEEP);
    assert_int_equal(after, DEEP);
    assert_int_equal(entered, DEEP + 1);
    assert_int_equal(left, DEEP + 1);
    assert_in_range(most, 15, 25);
}

/* Moves what is `from_depth` levels down into the root. */
static void move_up(struct fs *fs, int from_depth, const char *name)
{
    struct fs_dir *root, *dir, *below;

    assert_int_equal(fs_dir_open(fs, "", &root), 0);
    assert_int_equal(fs_dir_open(fs, "", &dir), 0);
    for (int i = 1; i < from_depth; i++) {
        assert_int_equal(fs_dir_enter(dir, "d", &below), 0);
        fs_dir_close(dir);
        dir = below;
    }
    assert_int_equal(fs_rename(dir, "d", root, name, FS_NOREPLACE), 0);
    fs_dir_close(dir);
    fs_dir_close(root);
}

/* Goes 100 levels down, has directories moved and goes on; `lost` directories are not found again. */
static void walk_while_moving(struct fs *fs, int first_depth, int second_depth, unsigned lost)
{
    unsigned failed = 0, after = 0, left = 0;
    struct walk_entry entry;
    enum walk_event event;
    struct walk *walk;

    assert_int_equal(walk_open(fs, "", 0, WALK_DEEP, &walk), 0);
    do
        event = walk_next(walk, &entry);
    while (entry.depth < 100);
    move_up(fs, first_depth, "first");
    if (second_depth)
        move_up(fs, second_depth, "second");
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        if (event == WALK_FAILED)
            assert_int_equal(entry.error, ENOENT);
        failed += event == WALK_FAILED;
        after += event == WALK_ENTRY && strcmp(entry.name, "f") == 0;
        left += event == WALK_LEAVE;
    }
    walk_close(walk);
    assert_int_equal(failed, lost);
    /* what was read before it was moved, and what was lost, is met again in its new place at the end */
    assert_int_equal(after, DEEP - lost + (DEEP - first_depth) + lost);
    assert_true(left >= DEEP + 1);
}

static void a_directory_moved_away_is_left_to_where_it_was(void **state)
{
    build_deep(*state);
    walk_while_moving(*state, 50, 0, 0); /* its ".." leads elsewhere now, the path still there */
}

static void a_directory_to_which_no_way_leads_back_is_told(void **state)
{
    build_deep(*state);
    walk_while_moving(*state, 50, 40, 10); /* 40 to 49: what is below was left, what is above is found */
}

/* Not "h", nor what has "no" in its path, nor anything through a link but directories. */
static bool hides_some(const struct walk_filter *filter, const char *path, enum fs_type type, bool is_linked)
{
    (void)filter;
    if (strstr(path, "no") || (type == FS_UNKNOWN && strcmp(path, "a/h") == 0))
        return false;
    return !is_linked || type == FS_DIR;
}

/* Not a directory that is found to be "c/e", whatever it was called. */
static bool holds_most(const struct walk_filter *filter, struct fs_dir *dir, int fd)
{
    struct fs_stat st;

    (void)filter;
    assert_int_equal(fd, -1);
    return fs_stat_at(dir, "e-mark", &st) != 0;
}

static void what_a_filter_hides_is_not_there(void **state)
{
    const struct walk_filter filter = { .shows = hides_some, .holds = holds_most };
    struct walk_entry entry;
    struct walk *walk, *split;

    support_fs_mkdir(*state, "a");
    support_fs_write(*state, "a/f", "");
    support_fs_write(*state, "a/h", "");
    support_fs_mkdir(*state, "a/no");
    support_fs_write(*state, "a/no/f", "");
    support_fs_mkdir(*state, "a/b");
    support_fs_write(*state, "a/b/no", "");
    support_fs_write(*state, "a/b/g", "");
    fs_mem_symlink(*state, "a/lf", "f");
    fs_mem_symlink(*state, "a/lno", "b");
    support_fs_mkdir(*state, "c");
    support_fs_write(*state, "c/f", "");
    support_fs_mkdir(*state, "c/d");
    fs_mem_symlink(*state, "a/lc", "../c");
    fs_mem_symlink(*state, "a/circle", "circle");
    support_fs_mkdir(*state, "c/d/e");
    support_fs_write(*state, "c/d/e/e-mark", "");
    fs_mem_symlink(*state, "a/le", "../c/d/e");
    assert_int_equal(walk_open(*state, "a", WALK_FOLLOW, WALK_DEEP, &walk), 0);
    walk_set_filter(walk, &filter);
    do
        assert_true(walk_next(walk, &entry) != WALK_END);
    while (strcmp(entry.relpath, "b") != 0);
    assert_int_equal(walk_split(walk, &split), 0);
    char *rest = trace(walk, NULL), *part = trace(split, NULL);
    assert_string_equal(rest, "(@lc (lc/d (lc/d/e )lc/d/e )lc/d )@lc )");
    assert_string_equal(part, "b/g )b");
    free(rest);
    free(part);
}

static void a_walk_can_be_split(void **state)
{
    struct walk_entry entry;
    struct walk *walk, *split;

    build(*state);
    fs_mem_symlink(*state, "a/b/up", "..");
    assert_int_equal(walk_open(*state, "a", WALK_FOLLOW, WALK_DEEP, &walk), 0);
    do
        assert_true(walk_next(walk, &entry) != WALK_END);
    while (strcmp(entry.relpath, "b") != 0);
    assert_non_null(entry.entered);
    assert_int_equal(walk_split(walk, &split), 0);
    char *rest = trace(walk, NULL), *part = trace(split, NULL);
    assert_string_equal(rest, "h )");
    assert_string_equal(part, "b/g (b/empty )b/empty !@b/up:ELOOP )b"); /* it knows where it is */
    free(rest);
    free(part);
}

static void types_that_a_directory_tells_need_no_look(void **state)
{
    build(*state);
    fs_mem_symlink(*state, "a/file", "f");
    fs_mem_symlink(*state, "a/b/dir", "empty");
    fs_mem_fail(*state, FS_MEM_ANY, 0, 0);
    assert_walk(*state, "a", WALK_TYPES, WALK_DEEP, "( f (b b/g (b/empty )b/empty b/dir )b h file )");
    assert_int_equal(fs_mem_calls(*state, FS_MEM_STAT_AT), 3); /* a, b, empty */
    fs_mem_quirks(*state, FS_MEM_NO_TYPES);
    assert_walk(*state, "a", WALK_TYPES, WALK_DEEP, "( f (b b/g (b/empty )b/empty b/dir )b h file )");
    fs_mem_quirks(*state, 0);
    assert_walk(*state, "a", WALK_TYPES | WALK_FOLLOW, WALK_DEEP,
                "( f (b b/g (b/empty )b/empty (@b/dir )@b/dir )b h @file )");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(directories_come_before_and_after_their_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_root_of_a_walk_has_an_empty_relpath, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_event_tells_where_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_skipped_directory_is_left_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_ours_are_not_there_unless_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_followed_or_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(circles_fail_and_do_not_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_opened_fails_and_the_rest_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_read_on_fails_in_the_middle, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_vanishes_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_directory_can_be_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_cannot_be_walked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_walk_may_be_closed_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_paths_and_deep_trees_are_walked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deep_walk_has_few_directories_open_and_misses_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_directory_moved_away_is_left_to_where_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_to_which_no_way_leads_back_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_walk_can_be_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_filter_hides_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_that_a_directory_tells_need_no_look, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
