/*
 * Names of ours: made here, and told from what others call theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fs/hidden.h"

static void what_is_made_here_is_ours(void **state)
{
    char name[HIDDEN_SIZE], next[HIDDEN_SIZE];
    uint64_t ino = 0;

    (void)state;
    hidden_name(name);
    hidden_name(next);
    assert_string_not_equal(name, next);
    assert_true(hidden_is_ours(name));
    assert_false(hidden_is_aside(name, &ino));
    hidden_aside_name(UINT64_MAX, name);
    assert_true(hidden_is_ours(name));
    assert_true(hidden_is_aside(name, &ino));
    assert_true(ino == UINT64_MAX);
}

static void what_others_call_theirs_is_not(void **state)
{
    static const char *const names[] = {
        "",
        "file",
        ".holdfast",
        ".holdfast-",
        ".holdfast-1",
        ".holdfast-notes",
        ".holdfast-cafe-6",
        ".holdfast-1-2-3", /* a time is longer */
        ".holdfast-1f-698f2a1b3b9ac9ff",
        ".holdfast-1f-698f2a1b3b9ac9ff-",
        ".holdfast-1f-698f2a1b3b9ac9ff-1.bak",
        ".holdfast-1f-698f2a1b3b9ac9ff-1-",
        ".holdfast-1F-698f2a1b3b9ac9ff-1",
        ".holdfast--698f2a1b3b9ac9ff-1",
        ".Holdfast-1f-698f2a1b3b9ac9ff-1",
        "x.holdfast-1f-698f2a1b3b9ac9ff-1",
        ".holdfast-aside-",
        ".holdfast-aside-12",
        ".holdfast-aside-12-mine",
        ".holdfast-aside-1f-698f2a1b3b9ac9ff-1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (hidden_is_ours(names[i]))
            fail_msg("%s is taken for one of ours", names[i]);
    assert_true(hidden_is_ours(".holdfast-1f-698f2a1b3b9ac9ff-1"));
    assert_true(hidden_is_ours(".holdfast-aside-12-1f-698f2a1b3b9ac9ff-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_here_is_ours),
        cmocka_unit_test(what_others_call_theirs_is_not),
    };

    return cmocka_run_group_tests_name("hidden", tests, NULL, NULL);
}
