/*
 * Which share a target belongs to, and what is refused when they are opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "src/shares.h"
#include "tests/support/support.h"
#include "tests/support/tempdir.h"

static struct {
    apr_pool_t *pool;
    char dir[TEMPDIR_SIZE];
    struct options options;
} world;

/* Each in a folder NAME, with a state NAME-state. */
static void set_shares(const char *const *names, const char *const *prefixes, unsigned count)
{
    world.options = (struct options){ .workers = 1, .share_count = count };
    for (unsigned i = 0; i < count; i++)
        world.options.shares[i] =
            (struct share_options){ .name = names[i],
                                    .root = apr_pstrcat(world.pool, world.dir, "/", names[i], NULL),
                                    .prefix = prefixes[i],
                                    .state_dir =
                                        apr_pstrcat(world.pool, world.dir, "/", names[i], "-state", NULL) };
}

static int set_up(void **state)
{
    (void)state;
    apr_pool_create(&world.pool, NULL);
    tempdir_make(world.dir);
    support_mkdir(world.dir, "one");
    support_mkdir(world.dir, "two");
    support_mkdir(world.dir, "three");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tempdir_remove(world.dir);
    apr_pool_destroy(world.pool);
    return 0;
}

static struct shares *open_all(void)
{
    const char *message = "";
    struct shares *shares = NULL;

    if (shares_open(world.pool, &world.options, &shares, &message) != 0)
        fail_msg("%s", message);
    return shares;
}

static void a_target_belongs_to_one_share_or_to_the_lobby(void **state)
{
    static const char *const names[] = { "one", "two", "three" };
    static const char *const prefixes[] = { "/p", "/deep/p q", "/caf\xC3\xA9" };
    static const struct {
        const char *target;
        int share; /* -1: the lobby */
    } rows[] = {
        { "/p", 0 },
        { "/p/", 0 },
        { "/p/a/b?c", 0 },
        { "//p//a", 0 },
        { "/%70", 0 },
        { "http://any:1/p/a", 0 },
        { "*", 0 },
        { "/deep/p%20q", 1 },
        { "/deep/p%20q/p", 1 },
        { "/caf%C3%A9/a", 2 },
        { "/cafe%CC%81/a", 2 },
        { "/", -1 },
        { "http://any", -1 },
        { "/pp", -1 },
        { "/P", -1 },
        { "/deep", -1 },
        { "/deep/p", -1 },
        { "/deep/p%20q2", -1 },
        { "/p%20q", -1 },
        { "/cafe/a", -1 },
        { "/p/../deep/p%20q", -1 },
        { "/p%2Fa", -1 },
        { "p", -1 },
        { "", -1 },
    };
    (void)state;

    set_shares(names, prefixes, 3);
    struct shares *shares = open_all();
    assert_int_equal(shares->count, 3);
    assert_non_null(shares->lobby.dav);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dav *wanted = rows[i].share < 0 ? shares->lobby.dav : shares->list[rows[i].share].dav;
        if (shares_find(shares, world.pool, rows[i].target) != wanted)
            fail_msg("%s", rows[i].target);
    }
    shares_close(shares);
}

static void one_at_the_root_has_all(void **state)
{
    static const char *const name = "one", *const prefix = "";
    static const char *const targets[] = { "/", "/a", "*", "", "//x", "http://h/b", "/../" };
    (void)state;

    set_shares(&name, &prefix, 1);
    struct shares *shares = open_all();
    assert_null(shares->lobby.dav);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        assert_ptr_equal(shares_find(shares, world.pool, targets[i]), shares->list[0].dav);
    assert_string_equal(shares_url(world.pool, "http://h:1/", &shares->list[0]), "http://h:1/");
    shares_close(shares);
}

static void urls_have_the_prefix(void **state)
{
    static const char *const name = "one", *const prefix = "/a b/c";
    (void)state;

    set_shares(&name, &prefix, 1);
    struct shares *shares = open_all();
    assert_non_null(shares->lobby.dav);
    assert_string_equal(shares_url(world.pool, "http://h:1/", &shares->list[0]), "http://h:1/a%20b/c/");
    shares_close(shares);
}

/* And once it has failed, all can be opened again. */
static void one_that_cannot_be_opened_leaves_none_open(void **state)
{
    static const char *const names[] = { "one", "two" }, *const prefixes[] = { "/one", "/two" };
    static const char *const roots[] = { "none", "file", "one" };
    static const int errors[] = { ENOENT, ENOTDIR, EBUSY };
    unsigned fds;
    (void)state;

    support_write(world.dir, "file", "x");
    set_shares(names, prefixes, 2);
    shares_close(open_all());
    fds = support_open_fds();
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const char *message = NULL;
        struct shares *shares = NULL;
        set_shares(names, prefixes, 2);
        world.options.shares[1].root = apr_pstrcat(world.pool, world.dir, "/", roots[i], NULL);
        assert_int_equal(shares_open(world.pool, &world.options, &shares, &message), errors[i]);
        assert_non_null(strstr(message, roots[i]));
        assert_null(shares);
        assert_int_equal(support_open_fds(), fds);
    }
    set_shares(names, prefixes, 2);
    shares_close(open_all());
    assert_int_equal(support_open_fds(), fds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_target_belongs_to_one_share_or_to_the_lobby),
        TEST(one_at_the_root_has_all),
        TEST(urls_have_the_prefix),
        TEST(one_that_cannot_be_opened_leaves_none_open),
    };
    apr_initialize(); /* once: apr_dbd does not survive apr_terminate */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
