/*
 * Canonical paths: tables, each row with what it is about; and the stored spelling of names.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/path.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

static int set_up(void **state)
{
    apr_pool_t *pool;

    apr_initialize();
    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    *state = pool;
    return 0;
}

static int tear_down(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static void canonical_paths(void **state)
{
    static const struct {
        const char *about, *in, *out;
        bool slash;
        int err;
    } rows[] = {
        { "the root", "/", "", true, 0 },
        { "nothing is the root too", "", "", true, 0 },
        { "many slashes are the root", "///", "", true, 0 },
        { "a name", "/a", "a", false, 0 },
        { "no leading slash", "a/b", "a/b", false, 0 },
        { "trailing slash", "/a/b/", "a/b", true, 0 },
        { "doubled slashes", "//a///b//", "a/b", true, 0 },
        { "names that begin with dots", "/.a/..b/...", ".a/..b/...", false, 0 },
        { "blanks and UTF-8", "/ /\xc3\xbc", " /\xc3\xbc", false, 0 },
        { "bytes that are not UTF-8", "/\xff\xfe", "\xff\xfe", false, 0 },
        { "control characters", "/a\nb\x7f", "a\nb\x7f", false, 0 },
        { "dot", "/a/./b", NULL, false, EINVAL },
        { "dot at the end", "/a/.", NULL, false, EINVAL },
        { "dot dot", "/a/../b", NULL, false, EINVAL },
        { "dot dot alone", "..", NULL, false, EINVAL },
        { "dot dot with slash at the end", "/../", NULL, false, EINVAL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *out = "untouched";
        bool slash = false;
        int err = path_canonical(*state, rows[i].in, strlen(rows[i].in), &out, &slash);
        if (err != rows[i].err || strcmp(out, err ? "untouched" : rows[i].out) != 0 || slash != rows[i].slash)
            fail_msg("%s: %d \"%s\" slash %d", rows[i].about, err, out, slash);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    const char *out;
    bool slash;

    assert_int_equal(path_canonical(*state, "/a\0b", 4, &out, &slash), EINVAL);
}

static void length_limits_are_exact(void **state)
{
    char path[FS_PATH_MAX + 3];
    const char *out;
    bool slash;

    memset(path, 'a', sizeof(path));
    path[0] = '/';
    assert_int_equal(path_canonical(*state, path, 1 + FS_NAME_MAX, &out, &slash), 0);
    assert_int_equal(path_canonical(*state, path, 2 + FS_NAME_MAX, &out, &slash), ENAMETOOLONG);
    for (size_t i = 0; i < sizeof(path); i += 2)
        path[i] = '/';
    path[FS_PATH_MAX + 1] = 'a';
    assert_int_equal(path_canonical(*state, path, FS_PATH_MAX + 1, &out, &slash), 0);
    assert_int_equal(strlen(out), FS_PATH_MAX);
    path[FS_PATH_MAX + 1] = 'b'; /* one more byte in the last name */
    assert_int_equal(path_canonical(*state, path, FS_PATH_MAX + 2, &out, &slash), ENAMETOOLONG);
}

static void parents_names_and_joins(void **state)
{
    assert_string_equal(path_parent(*state, "a/b/c"), "a/b");
    assert_string_equal(path_parent(*state, "a"), "");
    assert_string_equal(path_name("a/b/c"), "c");
    assert_string_equal(path_name("a"), "a");
    assert_string_equal(path_name(""), "");
    assert_string_equal(path_join(*state, "", "a"), "a");
    assert_string_equal(path_join(*state, "a", "b"), "a/b");
    assert_string_equal(path_join(*state, "a", ""), "a");
    assert_string_equal(path_join(*state, "", ""), "");
    assert_string_equal(path_rebase(*state, "a/b/c", "a/b", "x"), "x/c");
    assert_string_equal(path_rebase(*state, "a", "a", "x/y"), "x/y");
    assert_string_equal(path_rebase(*state, "a/b", "", "x"), "x/a/b");
    assert_string_equal(path_rebase(*state, "a/b", "a", ""), "b");
}

static void within_means_whole_names(void **state)
{
    (void)state;
    assert_true(path_is_within("a/b", "a/b"));
    assert_true(path_is_within("a/b/c", "a/b"));
    assert_true(path_is_within("a", ""));
    assert_true(path_is_within("", ""));
    assert_false(path_is_within("a/bc", "a/b"));
    assert_false(path_is_within("a", "a/b"));
    assert_false(path_is_within("", "a"));
}

static void names_of_ours_are_known(void **state)
{
    static const struct {
        const char *path;
        bool reserved;
    } rows[] = {
        { "", false },
        { ".holdfast", true },
        { ".holdfast/jobs", true },
        { ".holdfastx", false },
        { ".holdfas", false },
        { "a/.holdfast", false }, /* only at the root */
        { ".holdfast-", true },
        { ".holdfast-1/a", true },
        { "a/.holdfast-1", true },
        { "a/.holdfast-1/b", true },
        { "a/x.holdfast-1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (path_is_reserved(rows[i].path) != rows[i].reserved)
            fail_msg("%s", rows[i].path);
    assert_true(path_name_is_reserved("", ".holdfast"));
    assert_false(path_name_is_reserved("a", ".holdfast"));
    assert_true(path_name_is_reserved("a", ".holdfast-1"));
}

/* "\u00fc" and "\u00e9", composed and decomposed. */
#define U_NFC "\xc3\xbc"
#define U_NFD "u\xcc\x88"
#define E_NFC "\xc3\xa9"
#define E_NFD "e\xcc\x81"

static const char *find(struct fs *fs, const char *path, apr_pool_t *pool)
{
    const char *found;

    assert_int_equal(path_find(fs, path, pool, &found), 0);
    return found;
}

static void the_stored_spelling_of_each_name_is_found(void **state)
{
    apr_pool_t *pool = *state;
    struct fs *fs;

    fs_mem_open(&fs);
    support_fs_mkdir(fs, U_NFC);
    support_fs_write(fs, U_NFC "/" E_NFD, "");
    support_fs_mkdir(fs, "both-" U_NFC);
    support_fs_mkdir(fs, "both-" U_NFD);
    assert_string_equal(find(fs, U_NFC "/" E_NFD, pool), U_NFC "/" E_NFD);
    assert_string_equal(find(fs, U_NFD "/" E_NFC, pool), U_NFC "/" E_NFD);
    assert_string_equal(find(fs, U_NFD, pool), U_NFC);
    assert_string_equal(find(fs, U_NFD "/new " E_NFD, pool), U_NFC "/new " E_NFD); /* as given */
    assert_string_equal(find(fs, "none/" U_NFD, pool), "none/" U_NFD);
    assert_string_equal(find(fs, "both-" U_NFD, pool), "both-" U_NFD);
    assert_string_equal(find(fs, "both-" U_NFC, pool), "both-" U_NFC);
    assert_string_equal(find(fs, "\xff" U_NFD, pool), "\xff" U_NFD); /* not UTF-8 */
    support_fs_write(fs, "\xef\xbf\xbd", "");                        /* what stands for such bytes */
    assert_string_equal(find(fs, "\xff", pool), "\xff");
    assert_int_equal(fs_mem_handles(fs), 0);
    fs_close(fs);
}

static void ascii_paths_cost_no_look_at_the_disk(void **state)
{
    struct fs *fs;

    fs_mem_open(&fs);
    fs_mem_fail(fs, FS_MEM_ANY, 0, 0);
    assert_string_equal(find(fs, "a/b/c", *state), "a/b/c");
    assert_int_equal(fs_mem_calls(fs, FS_MEM_ANY), 0);
    fs_close(fs);
}

static void locating_goes_through_links_if_asked(void **state)
{
    apr_pool_t *pool = *state;
    struct fs_stat parent, expected;
    struct fs_dir *dir = NULL;
    const char *name;
    struct fs *fs;

    fs_mem_open(&fs);
    support_fs_mkdir(fs, "dir");
    support_fs_write(fs, "dir/f", "");
    fs_mem_symlink(fs, "link", "dir/f");
    fs_mem_symlink(fs, "dangling", "dir/none");
    fs_mem_symlink(fs, "to-root", "dir/..");

    assert_int_equal(path_locate(fs, "link", false, pool, &dir, &name), 0);
    assert_string_equal(name, "link");
    fs_dir_close(dir);
    assert_int_equal(path_locate(fs, "link", true, pool, &dir, &name), 0);
    assert_string_equal(name, "f");
    assert_int_equal(fs_stat_at(dir, "", &parent), 0);
    assert_int_equal(fs_stat(fs, "dir", &expected), 0);
    assert_int_equal(parent.ino, expected.ino);
    fs_dir_close(dir);
    assert_int_equal(path_locate(fs, "to-root", true, pool, &dir, &name), 0);
    assert_string_equal(name, "");
    fs_dir_close(dir);
    assert_int_equal(path_locate(fs, "", true, pool, &dir, &name), 0);
    assert_string_equal(name, "");
    fs_dir_close(dir);
    assert_int_equal(path_locate(fs, "dir/new", true, pool, &dir, &name), 0);
    assert_string_equal(name, "new");
    fs_dir_close(dir);
    assert_int_equal(path_locate(fs, "dangling", true, pool, &dir, &name), ENOENT);
    assert_int_equal(path_locate(fs, "none/a", false, pool, &dir, &name), ENOENT);
    assert_int_equal(path_locate(fs, "dir/f/a", false, pool, &dir, &name), ENOTDIR);
    assert_int_equal(fs_mem_handles(fs), 0);
    fs_close(fs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canonical_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_nul_byte_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(length_limits_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parents_names_and_joins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(within_means_whole_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_ours_are_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_stored_spelling_of_each_name_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ascii_paths_cost_no_look_at_the_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locating_goes_through_links_if_asked, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
