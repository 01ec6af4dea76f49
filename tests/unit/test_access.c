/*
 * Who may do what: one row per question.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pool.h"
#include "webdav/access.h"

#define NFC "caf\xC3\xA9"
#define NFD "cafe\xCC\x81"

static const char *const names[] = { "none", "pass", "read", "write" };

/* Rules are separated by '\n'; ann and bob are staff, ann is a boss too. */
static struct access *rules(const char *text)
{
    struct access *access = access_new();
    char *copy = apr_pstrdup(pool, text), *state;

    for (char *rule = apr_strtok(copy, "\n", &state); rule; rule = apr_strtok(NULL, "\n", &state)) {
        const char *wrong = access_add(access, "", rule);
        if (wrong)
            fail_msg("%s: %s", rule, wrong);
    }
    assert_null(access_add_member(access, "staff", "ann"));
    assert_null(access_add_member(access, "staff", "bob"));
    assert_null(access_add_member(access, "boss", "ann"));
    return access;
}

static void the_nearest_rule_decides(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *user, *path, *right;
    } rows[] = {
        /* none at all, and none that fits */
        { "", "ann", "a", "write" },
        { "", "", "", "write" },
        { "/a ann read", "bob", "a", "none" },
        { "/a ann read", "bob", "", "none" },
        { "/a ann read", "ann", "b", "none" },
        { "/a ann read", "", "a", "none" },
        /* at the path, and below */
        { "/ ann read", "ann", "", "read" },
        { "/ ann read", "ann", "a/b", "read" },
        { "/a ann write", "ann", "a", "write" },
        { "/a/ ann write", "ann", "a/b/c", "write" },
        { "/a ann write", "ann", "ab", "none" },
        { "/ab ann write", "ann", "a", "none" },
        { "/a/b ann write", "ann", "a/bc", "none" },
        /* deeper */
        { "/ ann write\n/a ann read\n/a/b ann none", "ann", "x", "write" },
        { "/ ann write\n/a ann read\n/a/b ann none", "ann", "a/x", "read" },
        { "/ ann write\n/a ann read\n/a/b ann none", "ann", "a/b/x", "none" },
        { "/a ann none\n/ ann write", "ann", "a", "none" },
        { "/a/b ann read\n/a ** none", "ann", "a/b", "read" },
        { "/a ann write\n/a/b * read", "ann", "a/b", "read" }, /* deeper goes before nearer */
        /* who: user, groups, everybody with a name, nobody, all */
        { "/ * read", "ann", "a", "read" },
        { "/ * read", "", "a", "none" },
        { "/ - read", "", "a", "read" },
        { "/ - read", "ann", "a", "none" },
        { "/ ** read", "", "a", "read" },
        { "/ ** read", "ann", "a", "read" },
        { "/ @staff read", "ann", "a", "read" },
        { "/ @staff read", "eve", "a", "none" },
        { "/ @staff read", "", "a", "none" },
        { "/ @staff read", "staff", "a", "none" },
        { "/ ann none\n/ @staff write", "ann", "a", "none" },
        { "/ ann none\n/ @staff write", "bob", "a", "write" },
        { "/ @staff none\n/ * write", "ann", "a", "none" },
        { "/ @staff none\n/ * write", "eve", "a", "write" },
        { "/ * none\n/ ** write", "ann", "a", "none" },
        { "/ - none\n/ ** write", "", "a", "none" },
        { "/ @staff read\n/ @boss write", "ann", "a", "write" }, /* the highest of the groups */
        { "/ @staff read\n/ @boss none", "ann", "a", "read" },
        { "/ @staff read\n/ @boss write", "bob", "a", "read" },
        { "/ Ann read", "ann", "a", "none" },
        /* the user's name in the path */
        { "/u/{user} * write", "ann", "u/ann", "write" },
        { "/u/{user} * write", "ann", "u/ann/x", "write" },
        { "/u/{user} * write", "ann", "u/bob", "none" },
        { "/u/{user} * write", "ann", "u/{user}", "none" },
        { "/u/{user} * write", "ann", "u/anna", "none" },
        { "/u/{user} ** write", "", "u/", "none" },
        { "/u/{user}-x/{user} * write", "ann", "u/ann-x/ann/y", "write" },
        { "/u/{user}-x/{user} * write", "ann", "u/ann-x/bob", "none" },
        { "/u/{user} * write", "../ann", "ann", "none" },
        { "/u/{user} * write", "..", "", "none" },
        { "/u/{user} * write", "ann/x", "u/ann/x", "none" },
        { "/u/{user} * write", ".holdfast-x", "u/.holdfast-x", "none" },
        { "/u/{user} * write", "{user}", "u/{user}", "write" },
        { "/u/{user} * write\n/u/ann ** none", "ann", "u/ann", "write" },
        /* spellings */
        { "/" NFC " * none\n/ * write", "ann", NFD, "none" },
        { "/" NFD " * none\n/ * write", "ann", NFC, "none" },
        { "/" NFD " * none\n/ * write", "ann", NFD "/x", "none" },
        { "/a/" NFC "/b * none\n/ * write", "ann", "a/" NFD "/b/c", "none" },
        { "/a/" NFC "/b * none\n/ * write", "ann", "a/" NFD "/c", "write" },
        { "/u/{user} * write", NFC, "u/" NFD, "write" },
        { "/u/{user} * write", NFD, "u/" NFC, "write" },
        { "/\xFF * none\n/ * write", "ann", "\xFF", "none" },
        { "/\xFF * none\n/ * write", "ann", "\xFE", "write" },
        /* blanks */
        { "  /my files\tann\t read ", "ann", "my files", "read" },
        { "/my files   ann read", "ann", "my files/x", "read" },
        { "//a///b/ ann read", "ann", "a/b", "read" },
        /* the way to what may be read is passed */
        { "/a/b/c ann read", "ann", "", "pass" },
        { "/a/b/c ann read", "ann", "a", "pass" },
        { "/a/b/c ann read", "ann", "a/b", "pass" },
        { "/a/b/c ann read", "ann", "a/x", "none" },
        { "/a/b/c ann read", "bob", "a/b", "none" },
        { "/a ** none\n/a/b ann read", "ann", "a", "pass" },
        { "/a ** none\n/a/b ann read", "bob", "a", "none" },
        { "/a ** none\n/a/b ann none", "ann", "a", "none" },
        { "/a/b @staff read\n/a/b ann none", "ann", "a", "none" },
        { "/u/{user} * read", "ann", "u", "pass" },
        { "/a/" NFC " * read", "ann", "a", "pass" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct access *access = rules(rows[i].rules);
        const char *right = names[access_of(access, rows[i].user, rows[i].path)];
        if (strcmp(right, rows[i].right) != 0)
            fail_msg("%s: %s at /%s: %s", rows[i].rules, rows[i].user, rows[i].path, right);
        access_free(access);
    }
}

static void a_tree_has_a_least_and_a_highest_right(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *path, *least, *most;
    } rows[] = {
        { "", "", "write", "write" },
        { "/ ann write", "", "write", "write" },
        { "/ ann write\n/a ann read", "", "read", "write" },
        { "/ ann write\n/a/b ann none", "", "none", "write" },
        { "/ ann write\n/a/b ann none", "a", "none", "write" },
        { "/ ann write\n/a/b ann none", "a/b", "none", "none" },
        { "/ ann write\n/a/b ann none", "b", "write", "write" },
        { "/ ann read\n/a/b ann write", "", "read", "write" },
        { "/ ann read\n/a/b ann write", "x", "read", "read" },
        { "/a/b ann write", "", "pass", "write" },
        { "/ ann write\n/a/b bob none", "a", "write", "write" },
        { "/ ann write\n/a/b @staff none\n/a/b ann write", "a", "write", "write" },
        { "/ ann write\n/a/" NFC " ann none", "a", "none", "write" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct access *access = rules(rows[i].rules);
        const struct access_view *view = access_view(access, pool, "ann");
        const char *least = names[access_least(view, rows[i].path)];
        const char *most = names[access_most(view, rows[i].path)];
        if (strcmp(least, rows[i].least) != 0 || strcmp(most, rows[i].most) != 0)
            fail_msg("%s at /%s: %s to %s", rows[i].rules, rows[i].path, least, most);
        access_free(access);
    }
}

static void home_folders_are_their_owners(void **state)
{
    (void)state;
    struct access *access = rules("/ * read");
    assert_null(access_add_home(access, "", "/home"));
    assert_int_equal(access_of(access, "ann", "home/ann/x"), ACCESS_WRITE);
    assert_int_equal(access_of(access, "ann", "home/bob"), ACCESS_NONE);
    assert_int_equal(access_of(access, "ann", "home"), ACCESS_PASS);
    assert_int_equal(access_of(access, "ann", "x"), ACCESS_READ);
    assert_int_equal(access_of(access, "", "home"), ACCESS_NONE);
    assert_int_equal(access_of(access, "a/b", "home"), ACCESS_NONE);
    const struct access_view *view = access_view(access, pool, "ann");
    assert_string_equal(access_home(view), "home/ann");
    assert_true(access_touches_home(view, "home"));
    assert_true(access_touches_home(view, "home/ann"));
    assert_true(access_touches_home(view, "home/ann/x"));
    assert_false(access_touches_home(view, "home/bob"));
    assert_false(access_touches_home(view, ""));
    assert_null(access_home(access_view(access, pool, "")));
    assert_null(access_home(access_view(access, pool, "..")));
    access_free(access);

    access = access_new();
    assert_string_equal(access_add_home(access, "", "/"), "the share itself is no folder of home folders");
    assert_string_equal(access_add_home(access, "", "home"), "the path does not begin with a slash");
    assert_string_equal(access_add_home(access, "", "/h/{user}"),
                        "what is below it is the user's without saying so");
    access_free(access);
}

/* As the collection above several shares sees theirs. */
static void rules_may_begin_further_down(void **state)
{
    (void)state;
    struct access *access = rules("");
    assert_null(access_add(access, "/one", "/ ann read"));
    assert_null(access_add(access, "/two/" NFC, "/a/b ann read"));
    assert_null(access_add_home(access, "/three", "/home"));
    assert_int_equal(access_of(access, "ann", ""), ACCESS_PASS);
    assert_int_equal(access_of(access, "ann", "one"), ACCESS_READ);
    assert_int_equal(access_of(access, "ann", "two"), ACCESS_PASS);
    assert_int_equal(access_of(access, "ann", "two/" NFD), ACCESS_PASS);
    assert_int_equal(access_of(access, "bob", "one"), ACCESS_NONE);
    assert_int_equal(access_of(access, "bob", "three"), ACCESS_PASS);
    assert_int_equal(access_of(access, "", ""), ACCESS_NONE);
    assert_null(access_home(access_view(access, pool, "ann")));
    access_free(access);
}

static void what_is_wrong_with_a_rule_is_told(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "a rule is PATH WHO RIGHT" },
        { "/a", "a rule is PATH WHO RIGHT" },
        { "/a read", "a rule is PATH WHO RIGHT" },
        { "/a ann write!", "a right is none, read or write" },
        { "/a ann Read", "a right is none, read or write" },
        { "a ann read", "the path does not begin with a slash" },
        { "/a/../b ann read", "that is not a path that a file can have" },
        { "/.holdfast ann read", "the path has a name that is the server's own" },
        { "/a @ read", "@ is not followed by a group" },
        { "/twice ann read", "another rule says otherwise of the same path and person" },
        { "/twice/ ann none", "another rule says otherwise of the same path and person" },
    };
    struct access *access = rules("/twice ann write");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *wrong = access_add(access, "", rows[i][0]);
        if (!wrong || strcmp(wrong, rows[i][1]) != 0)
            fail_msg("%s: %s", rows[i][0], wrong ? wrong : "(good)");
    }
    assert_null(access_add(access, "", "/twice ann write")); /* once more is no harm */
    assert_null(access_add(access, "", "/twice bob read"));
    assert_null(access_unknown_group(access));
    assert_null(access_add(access, "", "/a @stfaf read"));
    assert_string_equal(access_unknown_group(access), "stfaf");
    access_free(access);
}

static void rules_and_members_are_bounded(void **state)
{
    (void)state;
    struct access *access = access_new();
    for (int i = 0; i < ACCESS_RULES_MAX; i++)
        assert_null(access_add(access, "", apr_psprintf(pool, "/%d * none", i)));
    assert_string_equal(access_add(access, "", "/x * read"), "there are too many rules");
    assert_int_equal(access_of(access, "ann", "999/x"), ACCESS_NONE);
    for (int i = 0; i < ACCESS_MEMBERS_MAX; i++) {
        char user[16];
        snprintf(user, sizeof user, "%d", i);
        assert_null(access_add_member(access, "g", user));
    }
    assert_string_equal(access_add_member(access, "g", "x"), "the groups have too many members");
    access_free(access);
}

static void a_view_outlives_its_rules(void **state)
{
    (void)state;
    struct access *access = rules("/a ann read\n/u/{user} * write");
    const struct access_view *view = access_view(access, pool, "ann");
    access_free(access);
    assert_int_equal(access_right(view, "a/b"), ACCESS_READ);
    assert_int_equal(access_right(view, "u/ann"), ACCESS_WRITE);
    assert_int_equal(access_right(view, "b"), ACCESS_NONE);
    assert_null(access_view(NULL, pool, "ann"));
    access_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_rule_decides),
        cmocka_unit_test(a_tree_has_a_least_and_a_highest_right),
        cmocka_unit_test(home_folders_are_their_owners),
        cmocka_unit_test(rules_may_begin_further_down),
        cmocka_unit_test(what_is_wrong_with_a_rule_is_told),
        cmocka_unit_test(rules_and_members_are_bounded),
        cmocka_unit_test(a_view_outlives_its_rules),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
