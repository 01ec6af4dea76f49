/*
 * Where the state goes, and which folders are in each other's way.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/layout.h"

static apr_pool_t *pool;
static char base[] = "/tmp/holdfast-layout-XXXXXX";

static const char *state_of(const char *name, const char *root)
{
    const struct share_options share = { .name = name };
    return layout_state(pool, &share, root);
}

static void the_default_state_is_one_folder_per_served_folder(void **state)
{
    (void)state;
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_STATE_HOME", "/x", 1);
    assert_string_equal(state_of("", "/srv/my dav"), "/x/holdfast/srv%2Fmy dav");
    assert_string_equal(state_of("", "/srv%2Fmy dav"), "/x/holdfast/srv%252Fmy dav");
    assert_string_equal(state_of("a", "/"), "/x/holdfast/%2F");
    setenv("STATE_DIRECTORY", "/var/lib/h", 1);
    assert_string_equal(state_of("", "/srv"), "/var/lib/h");
    assert_string_equal(state_of("a", "/srv"), "/var/lib/h/a");
}

/* "%" stands for the folder of the test. */
static const char *at(const char *path)
{
    return path && *path == '%' ? apr_pstrcat(pool, base, path + 1, NULL) : path;
}

static void folders_in_each_others_way_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *root_a, *state_a, *root_b, *state_b;
        const char *message; /* how it begins; NULL: fine */
    } rows[] = {
        { "%/a", "%/s", NULL, NULL, NULL },
        { "%/a", "%/new/er/s", "%/b", "%/t", NULL },
        { "%/a", "%/a/s", NULL, NULL,
          "the state folder %/a/s of share A lies inside the served folder of share A" },
        { "%/a", "%/a", NULL, NULL, "the state folder %/a of share A lies inside" },
        { "%/a/", "%/link/x/y", NULL, NULL, "the state folder %/a/x/y of share A lies inside" },
        { "%/a", "%/ab", NULL, NULL, NULL },
        { "%/a", "%/s", "%/a/in", "%/t", "the folder %/a/in of share B lies inside that of share A" },
        { "%/a/in", "%/s", "%/a", "%/t", "the folder %/a/in of share A lies inside that of share B" },
        { "%/a", "%/s", "%/a", "%/t", "the folder %/a of share A lies inside that of share B" },
        { "%/link", "%/s", "%/a", "%/t", "the folder %/a of share A lies inside that of share B" },
        { "%/a", "%/b/s", "%/b", "%/t",
          "the state folder %/b/s of share A lies inside the served folder of share B" },
        { "%/a", "%/s", "%/b", "%/s", "the state folder %/s is that of share B and that of share A" },
        { "%/none", "%/s", NULL, NULL, "cannot serve %/none: No such file or directory" },
        { "%/file", "%/s", NULL, NULL, "cannot serve %/file: Not a directory" },
        { "/", "%/s", NULL, NULL,
          "the state folder %/s of share A lies inside the served folder of share A" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o = { .share_count = rows[i].root_b ? 2 : 1 };
        o.shares[0] = (struct share_options){ .name = "A",
                                              .root = at(rows[i].root_a),
                                              .state_dir = at(rows[i].state_a) };
        o.shares[1] = (struct share_options){ .name = "B",
                                              .root = at(rows[i].root_b),
                                              .state_dir = at(rows[i].state_b) };
        const char *message = NULL;
        int error = layout_check(pool, &o, &message);
        const char *wanted = rows[i].message;
        if (wanted && strchr(wanted, '%')) {
            const char *mark = strchr(wanted, '%');
            wanted = apr_pstrcat(pool, apr_pstrndup(pool, wanted, (size_t)(mark - wanted)), at(mark), NULL);
        }
        if (!error != !wanted || (wanted && strncmp(message, wanted, strlen(wanted)) != 0))
            fail_msg("row %u: %s", i, message);
    }
}

static void make(const char *name, bool is_folder)
{
    const char *path = at(name);
    if (is_folder)
        assert_int_equal(mkdir(path, 0700), 0);
    else
        assert_int_equal(symlink("/etc/passwd", path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_state_is_one_folder_per_served_folder),
        cmocka_unit_test(folders_in_each_others_way_are_refused),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(base))
        return 1;
    make("%/a", true);
    make("%/a/in", true);
    make("%/b", true);
    make("%/file", false);
    if (symlink("a", at("%/link")) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = { "%/link", "%/file", "%/b", "%/a/in", "%/a", "%" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        remove(at(names[i]));
    apr_terminate();
    return failed;
}
