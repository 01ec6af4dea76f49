/*
 * Operations that are asked to give up, at every one of their calls to the file system.
 *
 * Each scenario runs on a fresh memory backend, and is cancelled before its first call, at the first, the
 * second and so on until it has none left. Afterwards either nothing has changed and the answer says so, or
 * all is as it should be and the answer says that; and nothing is left lying about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fs_mem.h"
#include "tests/support/support.h"
#include "webdav/dav.h"

/* Calls from the last time that a stop is looked for to the end: publishing, whatever the tree's size. */
#define LATE_MAX 20

/* ---- a backend that can be interrupted ---- */

static const struct fs_ops *sound;
static struct fs_ops hooked;
static struct dav_request *victim;
static unsigned calls;     /* since it was armed */
static unsigned cancel_at; /* 0: never */

static void called(void)
{
    if (++calls == cancel_at && victim)
        dav_request_cancel(victim, DAV_STOP_CANCELLED);
}

#define EACH_OPERATION(HOOK)                                                                                 \
    HOOK(stat, (struct fs * a, const char *b, struct fs_stat *c), (a, b, c))                                 \
    HOOK(open, (struct fs * a, const char *b, int *c, struct fs_stat *d), (a, b, c, d))                      \
    HOOK(dir_open, (struct fs * a, const char *b, struct fs_dir **c), (a, b, c))                             \
    HOOK(real_path, (struct fs * a, const char *b, char *c, size_t d), (a, b, c, d))                         \
    HOOK(leads_to, (struct fs * a, const char *b, char *c, size_t d), (a, b, c, d))                          \
    HOOK(get_attr_fd, (struct fs * a, int b, void *c, size_t d, size_t *e), (a, b, c, d, e))                 \
    HOOK(stat_at, (struct fs_dir * a, const char *b, struct fs_stat *c), (a, b, c))                          \
    HOOK(open_at, (struct fs_dir * a, const char *b, bool c, int *d, struct fs_stat *e), (a, b, c, d, e))    \
    HOOK(dir_enter, (struct fs_dir * a, const char *b, struct fs_dir **c), (a, b, c))                        \
    HOOK(dir_next, (struct fs_dir * a, const char **b, enum fs_type *c), (a, b, c))                          \
    HOOK(dir_sync, (struct fs_dir * a), (a))                                                                 \
    HOOK(tree_sync, (struct fs_dir * a), (a))                                                                \
    HOOK(get_attr, (struct fs_dir * a, const char *b, void *c, size_t d, size_t *e), (a, b, c, d, e))        \
    HOOK(set_attr, (struct fs_dir * a, const char *b, const void *c, size_t d), (a, b, c, d))                \
    HOOK(set_meta, (struct fs_dir * a, const char *b, const struct fs_meta *c), (a, b, c))                   \
    HOOK(mkdir, (struct fs_dir * a, const char *b, uint32_t c), (a, b, c))                                   \
    HOOK(unlink, (struct fs_dir * a, const char *b), (a, b))                                                 \
    HOOK(rmdir, (struct fs_dir * a, const char *b), (a, b))                                                  \
    HOOK(rename, (struct fs_dir * a, const char *b, struct fs_dir *c, const char *d, enum fs_rename e),      \
         (a, b, c, d, e))                                                                                    \
    HOOK(file_create, (struct fs_dir * a, const char *b, uint32_t c, struct fs_file **d), (a, b, c, d))      \
    HOOK(file_write, (struct fs_file * a, const void *b, size_t c), (a, b, c))                               \
    HOOK(file_copy, (struct fs_file * a, int b, uint64_t c, struct progress *d), (a, b, c, d))               \
    HOOK(file_stat, (struct fs_file * a, struct fs_stat * b), (a, b))                                        \
    HOOK(file_set_attr, (struct fs_file * a, const void *b, size_t c), (a, b, c))                            \
    HOOK(file_set_meta, (struct fs_file * a, const struct fs_meta *b), (a, b))                               \
    HOOK(file_link, (struct fs_file * a, struct fs_dir * b, const char *c), (a, b, c))                       \
    HOOK(file_sync, (struct fs_file * a), (a))                                                               \
    HOOK(file_close, (struct fs_file * a), (a))

#define DEFINE(op, parameters, arguments)                                                                    \
    static int hooked_##op parameters                                                                        \
    {                                                                                                        \
        called();                                                                                            \
        return sound->op arguments;                                                                          \
    }
EACH_OPERATION(DEFINE)

static void hook(struct fs *fs)
{
    sound = fs->ops;
    hooked = *sound;
#define SET(op, parameters, arguments) hooked.op = hooked_##op;
    EACH_OPERATION(SET)
    fs->ops = &hooked;
}

/* ---- scenarios ---- */

static const struct scenario {
    const char *method, *target, *dest, *body;
    int done; /* status */
    unsigned quirks;
} scenarios[] = {
    { "COPY", "/tree", "/new", NULL, 201, 0 },
    { "COPY", "/tree", "/other", NULL, 204, 0 },
    { "COPY", "/tree", "/other", NULL, 204, FS_MEM_NO_EXCHANGE },
    { "COPY", "/tree", "/file", NULL, 204, 0 },
    { "COPY", "/file", "/new", NULL, 201, 0 },
    { "COPY", "/file", "/other/x", NULL, 204, 0 },
    { "COPY", "/empty", "/new", NULL, 201, 0 },
    { "MOVE", "/tree", "/new", NULL, 201, 0 },
    { "MOVE", "/tree", "/other", NULL, 204, 0 },
    { "MOVE", "/tree", "/other", NULL, 204, FS_MEM_NO_EXCHANGE },
    { "MOVE", "/file", "/other/x", NULL, 204, 0 },
    { "MOVE", "/tree", "/disk/new", NULL, 201, 0 },
    { "MOVE", "/tree", "/disk/old", NULL, 204, 0 },
    { "MOVE", "/file", "/disk/new", NULL, 201, 0 },
    { "MOVE", "/file", "/disk/old/y", NULL, 204, 0 },
    { "PUT", "/new", NULL, "new", 201, 0 },
    { "PUT", "/file", NULL, "new", 204, 0 },
    { "PUT", "/file", NULL, "new", 204, FS_MEM_NO_UNNAMED },
    { "DELETE", "/tree", NULL, NULL, 204, 0 },
    { "DELETE", "/file", NULL, NULL, 204, 0 },
    { "MKCOL", "/new", NULL, NULL, 201, 0 },
    { "PROPFIND", "/tree", NULL, NULL, 207, 0 },
};

struct world {
    apr_pool_t *pool;
    char *state_dir;
    struct fs *fs;
    struct dav *dav;
    struct dav_request *r;
    char *before; /* the tree */
};

static void build(struct fs *fs)
{
    support_fs_mkdir(fs, "tree");
    support_fs_set_attr(fs, "tree", "T");
    support_fs_write(fs, "tree/a", "AA");
    support_fs_set_attr(fs, "tree/a", "A");
    support_fs_mkdir(fs, "tree/sub");
    support_fs_write(fs, "tree/sub/b", "B");
    support_fs_mkdir(fs, "other");
    support_fs_write(fs, "other/x", "X");
    support_fs_write(fs, "file", "old");
    support_fs_set_attr(fs, "file", "P");
    support_fs_write(fs, "empty", "");
    support_fs_mkdir(fs, "disk");
    assert_int_equal(fs_mem_mount(fs, "disk"), 0);
    support_fs_mkdir(fs, "disk/old");
    support_fs_write(fs, "disk/old/y", "Y");
}

static void world_open(struct world *world, char *state_dir, const struct scenario *scenario)
{
    const struct dav_config config = { .state_dir = state_dir, .max_xml = 1000 };
    const char *message;

    apr_pool_create(&world->pool, NULL);
    assert_int_equal(fs_mem_open(&world->fs), 0);
    build(world->fs);
    fs_mem_quirks(world->fs, scenario->quirks);
    world->fs->durable = true;
    world->before = support_list(world->fs);
    hook(world->fs);
    assert_int_equal(dav_open(world->pool, world->fs, &config, &world->dav, &message), 0);

    apr_table_t *headers = apr_table_make(world->pool, 4);
    const char *body = scenario->body;
    const struct dav_head head = { .method = scenario->method,
                                   .target = scenario->target,
                                   .headers = headers,
                                   .user = "",
                                   .has_body = body != NULL };
    if (scenario->dest)
        apr_table_set(headers, "Destination", scenario->dest);
    if (body)
        apr_table_set(headers, "Content-Length", apr_psprintf(world->pool, "%" APR_SIZE_T_FMT, strlen(body)));
    world->r = dav_request_new(world->dav, &head);
    dav_begin(world->r);
    if (dav_request_reply(world->r)->status)
        fail_msg("%s %s: %s", scenario->method, scenario->target, dav_request_reply(world->r)->data);
    if (body)
        dav_body(world->r, body, strlen(body));
}

/* The tree when all is over; the reply may be kept for long after that, but nothing on disk. */
static char *finish(struct world *world)
{
    dav_cleanup(world->r);
    return support_list(world->fs);
}

static void world_close(struct world *world)
{
    dav_request_free(world->r);
    free(world->before);
    dav_close(world->dav);
    assert_int_equal(fs_mem_handles(world->fs), 0);
    fs_close(world->fs);
    apr_pool_destroy(world->pool);
}

static bool has_text(const struct dav_reply *reply, const char *text)
{
    return reply->kind == DAV_BUFFER && memmem(reply->data, reply->size, text, strlen(text)) != NULL;
}

/* The tree after the whole operation, and how many calls that takes. */
static char *run_whole(char *state_dir, const struct scenario *scenario, unsigned *out_calls)
{
    struct world world;

    world_open(&world, state_dir, scenario);
    victim = NULL;
    calls = 0;
    dav_run(world.r);
    *out_calls = calls;
    assert_int_equal(dav_request_reply(world.r)->status, scenario->done);
    char *list = finish(&world);
    world_close(&world);
    return list;
}

/* True if it was stopped. */
static bool cancelled_at(char *state_dir, const struct scenario *scenario, unsigned nth, const char *whole)
{
    struct world world;

    world_open(&world, state_dir, scenario);
    victim = world.r;
    calls = 0;
    cancel_at = nth;
    if (nth == 0)
        dav_request_cancel(world.r, DAV_STOP_CANCELLED);
    dav_run(world.r);
    victim = NULL;
    const struct dav_reply *reply = dav_request_reply(world.r);
    bool stopped = reply->status == 409 && has_text(reply, "cancelled; nothing was changed.");
    int status = reply->status;
    char *after = finish(&world);
    if ((!stopped && status != scenario->done) || strcmp(after, stopped ? world.before : whole) != 0)
        fail_msg("%s %s, call %u: %d, and there is\n%s", scenario->method, scenario->target, nth, status,
                 after);
    world_close(&world);
    free(after);
    return stopped;
}

static void a_cancelled_operation_is_done_or_has_changed_nothing(void **state)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        unsigned count, stopped = 0;
        char *whole = run_whole(*state, &scenarios[i], &count);
        assert_true(cancelled_at(*state, &scenarios[i], 0, whole));
        for (unsigned nth = 1; nth <= count; nth++)
            stopped += cancelled_at(*state, &scenarios[i], nth, whole);
        assert_false(cancelled_at(*state, &scenarios[i], count + 1, whole));
        if (scenarios[i].done != 207 && count - stopped > LATE_MAX)
            fail_msg("%s %s: only %u of %u calls can be cancelled", scenarios[i].method, scenarios[i].target,
                     stopped, count);
        free(whole);
    }
}

/* A long tree is given up soon, not at its end. */
static void a_copy_gives_up_with_the_member_that_it_is_at(void **state)
{
    const struct scenario copy = { "COPY", "/tree", "/new", NULL, 201, 0 };
    struct world world;

    world_open(&world, *state, &copy);
    for (int i = 0; i < 200; i++)
        support_fs_write(world.fs, apr_psprintf(world.pool, "tree/f%d", i), "x");
    victim = world.r;
    calls = 0;
    cancel_at = 100;
    dav_run(world.r);
    assert_int_equal(dav_request_reply(world.r)->status, 409);
    assert_true(calls < 130);
    dav_cleanup(world.r);
    victim = NULL;
    world_close(&world);
}

static void the_answer_says_why_it_was_stopped(void **state)
{
    static const struct {
        enum dav_stop_reason why;
        int status;
        const char *text, *retry_after;
    } rows[] = {
        { DAV_STOP_SERVER, 503, "stopped\n", "5" },
        { DAV_STOP_CANCELLED, 409, "The operation was cancelled; nothing was changed.\n", NULL },
        { DAV_STOP_TIMEOUT, 503,
          "The operation took longer than this server allows and was stopped; nothing was changed.\n", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world;
        world_open(&world, *state, &scenarios[0]);
        dav_request_cancel(world.r, rows[i].why);
        dav_request_stop(world.r); /* the first one counts */
        dav_run(world.r);
        const struct dav_reply *reply = dav_request_reply(world.r);
        const char *retry_after = apr_table_get(reply->headers, "Retry-After");
        assert_int_equal(reply->status, rows[i].status);
        assert_true(has_text(reply, rows[i].text));
        assert_int_equal(retry_after != NULL, rows[i].retry_after != NULL);
        if (retry_after)
            assert_string_equal(retry_after, rows[i].retry_after);
        world_close(&world);
    }
}

static void a_cancelled_operation_still_cleans_up(void **state)
{
    const struct scenario copy = { "COPY", "/tree", "/new", NULL, 201, 0 };
    struct world world;

    world_open(&world, *state, &copy);
    victim = world.r;
    calls = 0;
    cancel_at = 25;
    dav_run(world.r);
    victim = NULL;
    assert_int_equal(dav_request_reply(world.r)->status, 409);
    char *meanwhile = support_list(world.fs);
    assert_string_not_equal(meanwhile, world.before);
    assert_true(dav_has_cleanup(world.r));
    char *after = finish(&world);
    assert_string_equal(after, world.before);
    free(meanwhile);
    free(after);
    world_close(&world);
}

static int set_up(void **state)
{
    apr_initialize();
    *state = support_temp_dir();
    return 0;
}

static int tear_down(void **state)
{
    support_temp_remove(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cancelled_operation_is_done_or_has_changed_nothing),
        TEST(a_copy_gives_up_with_the_member_that_it_is_at),
        TEST(the_answer_says_why_it_was_stopped),
        TEST(a_cancelled_operation_still_cleans_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
