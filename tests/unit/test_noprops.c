/*
 * Who is known to have no dead properties, and when that is no longer believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "fs/posix.h"
#include "tests/support/exchange.h"
#include "webdav/noprops.h"
#include "webdav/request.h"

#define SECOND INT64_C(1000000000)
#define NOW    (INT64_C(1700000000) * SECOND)

static int setup(void **context)
{
    *context = noprops_open();
    return *context ? 0 : -1;
}

static int teardown(void **context)
{
    noprops_close(*context);
    return 0;
}

static struct fs_stat some_file(void)
{
    return (struct fs_stat){ .dev = 5, .ino = 77, .ctime_ns = NOW - 60 * SECOND };
}

static void what_was_remembered_is_known(void **context)
{
    const struct fs_stat st = some_file();
    assert_false(noprops_knows(*context, &st));
    noprops_remember(*context, &st, NOW);
    assert_true(noprops_knows(*context, &st));
}

static void another_inode_device_or_time_of_change_is_not(void **context)
{
    struct fs_stat st = some_file();
    noprops_remember(*context, &st, NOW);
    st.ctime_ns++;
    assert_false(noprops_knows(*context, &st));
    st = some_file();
    st.dev++;
    assert_false(noprops_knows(*context, &st));
    for (uint64_t i = 1; i < 1000000; i++) {
        st = some_file();
        st.ino += i;
        assert_false(noprops_knows(*context, &st));
    }
}

static void the_newer_state_of_an_inode_takes_its_place(void **context)
{
    struct fs_stat st = some_file(), newer = some_file();
    newer.ctime_ns += SECOND;
    noprops_remember(*context, &st, NOW);
    noprops_remember(*context, &newer, NOW);
    assert_true(noprops_knows(*context, &newer));
    assert_false(noprops_knows(*context, &st));
}

static void what_changed_just_now_or_later_is_not_believed(void **context)
{
    static const int64_t ages[] = { 0, SECOND, 2 * SECOND, -5 * SECOND };
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        struct fs_stat st = some_file();
        st.ctime_ns = NOW - ages[i];
        noprops_remember(*context, &st, NOW);
        assert_false(noprops_knows(*context, &st));
    }
}

static void no_table_knows_nothing(void **context)
{
    (void)context;
    const struct fs_stat st = some_file();
    noprops_remember(NULL, &st, NOW);
    assert_false(noprops_knows(NULL, &st));
    noprops_close(NULL);
}

/* ---- in a listing ---- */

static struct fs_stat stat_of(struct exchange *x, const char *path)
{
    struct fs_stat st;
    assert_int_equal(fs_stat(x->fs, path, &st), 0);
    return st;
}

static const char *listed(struct exchange *x)
{
    const struct answer *a = exchange(x, "PROPFIND", "/", "Depth: 1", NULL);
    assert_int_equal(a->status, 207);
    return a->body;
}

/* The file is old enough as soon as it is remembered. */
static void await_memory(struct exchange *x, const char *path)
{
    const struct fs_stat st = stat_of(x, path);
    while (!noprops_knows(x->dav->noprops, &st)) {
        listed(x);
        usleep(20000);
    }
}

static void properties_that_others_set_are_seen_at_once(void **context)
{
    (void)context;
    struct exchange *x = exchange_open(NULL);
    exchange_write(x, "a", "hello");
    exchange_write(x, "b", "hello");
    await_memory(x, "a");
    await_memory(x, "b");

    /* A PROPPATCH of ours, and a tool that copies attributes. */
    static const char value[] = "\1urn:x\0color\0<x:color xmlns:x=\"urn:x\">blue</x:color>";
    char file[4200];
    assert_int_equal(exchange(x, "PROPPATCH", "/a", NULL,
                              "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>"
                              "<x:color>red</x:color></D:prop></D:set></D:propertyupdate>")
                         ->status,
                     207);
    snprintf(file, sizeof file, "%s/b", x->root);
    assert_int_equal(setxattr(file, FS_ATTR_NAME, value, sizeof value, 0), 0);
    const char *body = listed(x);
    assert_non_null(strstr(body, ">red</x:color>"));
    assert_non_null(strstr(body, ">blue</x:color>"));
    exchange_close(x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_remembered_is_known),
        TEST(another_inode_device_or_time_of_change_is_not),
        TEST(the_newer_state_of_an_inode_takes_its_place),
        TEST(what_changed_just_now_or_later_is_not_believed),
        TEST(no_table_knows_nothing),
        cmocka_unit_test(properties_that_others_set_are_seen_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
