/*
 * What must stay free: who would leave less is refused before it begins, or given up while it runs.
 *
 * The file system under the folder is asked through a backend that says what the test wants.
 */
#include <apr_strings.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"

#define MIN_FREE 1000
#define MIB      (1024 * 1024)

#define PROP(inner) "<D:propfind xmlns:D=\"DAV:\"><D:prop>" inner "</D:prop></D:propfind>"

static const struct fs_ops *sound;
static struct fs_ops ops; /* a failure leaves it behind */

/* What the file system says, and from which question on it says `later`; 0: never. */
static atomic_uint_fast64_t available, later;
static atomic_int questions, change_at;
static atomic_bool fails;

static int told_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    int number = atomic_fetch_add(&questions, 1) + 1, at = atomic_load(&change_at);
    (void)fs;
    (void)path;

    if (atomic_load(&fails))
        return EIO;
    *out_available = at && number >= at ? atomic_load(&later) : atomic_load(&available);
    *out_used = 5;
    return 0;
}

static void say(uint64_t bytes)
{
    atomic_store(&questions, 0);
    atomic_store(&change_at, 0);
    atomic_store(&available, bytes);
}

static void say_then(uint64_t bytes, int number, uint64_t then)
{
    say(bytes);
    atomic_store(&later, then);
    atomic_store(&change_at, number);
}

static int open_with(void **state, uint64_t min_free)
{
    const struct dav_config config = { .min_free = min_free };
    struct exchange *x = exchange_open(&config);

    sound = x->fs->ops;
    ops = *sound;
    ops.space = told_space;
    x->fs->ops = &ops;
    atomic_store(&fails, false);
    exchange_write(x, "old", "12345");
    exchange_mkdir(x, "dir");
    exchange_write(x, "dir/a", "12345");
    *state = x;
    return 0;
}

static int set_up(void **state)
{
    return open_with(state, MIN_FREE);
}

static int set_up_without(void **state)
{
    return open_with(state, 0);
}

static int tear_down(void **state)
{
    struct exchange *x = *state;

    assert_int_equal(exchange_strays(x), 0);
    x->fs->ops = sound;
    exchange_close(x);
    return 0;
}

static void is_no_room(const struct answer *a, bool early)
{
    assert_int_equal(a->status, 507);
    assert_int_equal(a->early, early);
    assert_non_null(strstr(a->body, "<D:error xmlns:D=\"DAV:\"><D:sufficient-disk-space/></D:error>"));
}

static const struct answer *copy(struct exchange *x, const char *from, const char *to)
{
    return exchange(x, "COPY", from, apr_pstrcat(x->pool, "Destination: ", to, NULL), NULL);
}

static void known_sizes_are_refused_before_they_begin(void **state)
{
    struct exchange *x = *state;

    say(MIN_FREE + 4);
    is_no_room(exchange(x, "PUT", "/new", NULL, "12345"), true);
    is_no_room(exchange(x, "PUT", "/old", NULL, "67890"), true);
    is_no_room(exchange(x, "PUT", "/new", "Transfer-Encoding: chunked\nX-Expected-Entity-Length: 5", "12345"),
               true);
    is_no_room(copy(x, "/old", "/new"), true);
    assert_string_equal(exchange_read(x, "old"), "12345");
    assert_false(exchange_exists(x, "new"));
    say(MIN_FREE + 5);
    assert_int_equal(exchange(x, "PUT", "/new", NULL, "12345")->status, 201);
    assert_int_equal(copy(x, "/old", "/new")->status, 204);
}

static void below_the_mark_nothing_is_taken_but_small_things_go_on(void **state)
{
    struct exchange *x = *state;

    say(MIN_FREE - 1);
    is_no_room(exchange(x, "PUT", "/new", NULL, NULL), true);
    is_no_room(exchange(x, "PUT", "/new", "Transfer-Encoding: chunked", "1"), true);
    is_no_room(copy(x, "/old", "/new"), true);
    is_no_room(copy(x, "/dir", "/new"), false);
    assert_int_equal(exchange(x, "MKCOL", "/made", NULL, NULL)->status, 201);
    assert_int_equal(exchange(x, "MOVE", "/old", "Destination: /moved", NULL)->status, 201);
    assert_int_equal(exchange(x, "DELETE", "/moved", NULL, NULL)->status, 204);
    say(MIN_FREE);
    assert_int_equal(exchange(x, "PUT", "/new", NULL, NULL)->status, 201);
}

static void without_a_mark_only_what_cannot_fit_is_refused(void **state)
{
    struct exchange *x = *state;

    say(4);
    is_no_room(exchange(x, "PUT", "/new", NULL, "12345"), true);
    say(5);
    assert_int_equal(exchange(x, "PUT", "/new", NULL, "12345")->status, 201);
    say(0);
    assert_int_equal(exchange(x, "PUT", "/new", NULL, NULL)->status, 204);
    assert_int_equal(copy(x, "/dir", "/tree")->status, 201);
}

static void where_nobody_can_tell_writing_will(void **state)
{
    struct exchange *x = *state;

    atomic_store(&fails, true);
    assert_int_equal(exchange(x, "PUT", "/new", NULL, "12345")->status, 201);
    assert_int_equal(copy(x, "/dir", "/tree")->status, 201);
}

static void an_upload_is_given_up_when_room_goes(void **state)
{
    struct exchange *x = *state;
    size_t size = 40 * MIB;
    char *large = malloc(size);
    static const char *const framings[] = { NULL, "Transfer-Encoding: chunked" };

    memset(large, 'x', size);
    for (int i = 0; i < 2; i++) {
        say_then(1000 * (uint64_t)MIB, 3, MIN_FREE - 1); /* the third look: in the midst */
        const struct answer *a = exchange_full(x, "", "PUT", "/old", framings[i], large, size);
        is_no_room(a, false);
        assert_int_equal(atomic_load(&questions), 3);
        assert_string_equal(exchange_read(x, "old"), "12345");
    }
    /* Of unknown size: once more when all is there. */
    say_then(1000 * (uint64_t)MIB, 2, MIN_FREE - 1);
    is_no_room(exchange(x, "PUT", "/old", "Transfer-Encoding: chunked", "small"), false);
    assert_string_equal(exchange_read(x, "old"), "12345");
    free(large);
}

static void a_tree_that_leaves_too_little_is_not_published(void **state)
{
    struct exchange *x = *state;

    exchange_mkdir(x, "there");
    exchange_write(x, "there/old", "old");
    say(MIN_FREE - 1);
    is_no_room(copy(x, "/dir", "/there"), false);
    assert_string_equal(exchange_read(x, "there/old"), "old");
    assert_false(exchange_exists(x, "there/a"));
    say(MIN_FREE);
    assert_int_equal(copy(x, "/dir", "/there")->status, 204);
}

/* ---- a copy that lasts ---- */

/* Copies until somebody stops it, for at most a minute. */
static int endless_copy(struct fs_file *file, int fd, uint64_t size, struct progress *progress)
{
    const struct timespec tick = { .tv_nsec = 1000000 };
    (void)file;
    (void)fd;
    (void)size;

    say(MIN_FREE - 1);
    for (int i = 0; i < 60000; i++) {
        if (progress_is_stopped(progress))
            return ECANCELED;
        nanosleep(&tick, NULL);
    }
    return EIO;
}

static void a_running_copy_is_given_up_when_room_goes(void **state)
{
    struct exchange *x = *state;
    const struct timespec pause = { .tv_nsec = 300 * 1000000 };
    char *large = malloc(9 * MIB + 1);

    memset(large, 'x', 9 * MIB);
    large[9 * MIB] = '\0';
    exchange_write(x, "large", large);
    ops.file_copy = endless_copy;
    for (int i = 0; i < 3; i++) {
        nanosleep(&pause, NULL); /* the watch finds nothing to do, and has to be woken */
        say(1000 * (uint64_t)MIB);
        is_no_room(copy(x, "/dir", "/new"), false);
        assert_false(exchange_exists(x, "new"));
        say(1000 * (uint64_t)MIB);
        is_no_room(copy(x, "/large", "/new"), false);
        assert_false(exchange_exists(x, "new"));
    }
    ops.file_copy = sound->file_copy;
    say(1000 * (uint64_t)MIB);
    assert_int_equal(copy(x, "/dir", "/new")->status, 201);
    free(large);
}

struct copier {
    struct exchange *x;
    const char *from, *to;
    int status;
};

static void *copy_once(void *arg)
{
    struct copier *copier = arg;

    copier->status = copy(copier->x, copier->from, copier->to)->status;
    return NULL;
}

static void of_several_copies_each_is_given_up(void **state)
{
    struct exchange *x = *state;
    struct copier copiers[4];
    pthread_t threads[4];

    ops.file_copy = endless_copy;
    for (int round = 0; round < 3; round++) {
        say(1000 * (uint64_t)MIB);
        for (int i = 0; i < 4; i++) {
            copiers[i] = (struct copier){ x, "/dir", apr_psprintf(x->pool, "/new%d", i), 0 };
            pthread_create(&threads[i], NULL, copy_once, &copiers[i]);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(copiers[i].status, 507);
        }
    }
}

static void quota_tells_what_is_left_above_the_mark(void **state)
{
    struct exchange *x = *state;
    static const struct {
        uint64_t available;
        const char *told;
    } rows[] = { { MIN_FREE + 77, "77" }, { MIN_FREE, "0" }, { MIN_FREE - 1, "0" }, { 0, "0" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say(rows[i].available);
        const struct answer *a =
            exchange(x, "PROPFIND", "/", "Depth: 0", PROP("<D:quota-available-bytes/><D:quota-used-bytes/>"));
        assert_string_equal(prop_text(a, "/", "DAV:", "quota-available-bytes"), rows[i].told);
        assert_string_equal(prop_text(a, "/", "DAV:", "quota-used-bytes"), "5");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(known_sizes_are_refused_before_they_begin),
        TEST(below_the_mark_nothing_is_taken_but_small_things_go_on),
        cmocka_unit_test_setup_teardown(without_a_mark_only_what_cannot_fit_is_refused, set_up_without,
                                        tear_down),
        TEST(where_nobody_can_tell_writing_will),
        TEST(an_upload_is_given_up_when_room_goes),
        TEST(a_tree_that_leaves_too_little_is_not_published),
        TEST(a_running_copy_is_given_up_when_room_goes),
        TEST(of_several_copies_each_is_given_up),
        TEST(quota_tells_what_is_left_above_the_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
