/*
 * The state database on a real disk: what comes back after a restart, and what happens to a file that
 * is not what it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/tempdir.h"
#include "webdav/state_internal.h"

struct fixture {
    char base[TEMPDIR_SIZE];
    apr_pool_t *pool;
    const char *dir, *file;
    struct state *state;
};

static int setup(void **context)
{
    struct fixture *f = calloc(1, sizeof(*f));
    apr_initialize();
    tempdir_make(f->base);
    apr_pool_create(&f->pool, NULL);
    f->dir = apr_pstrcat(f->pool, f->base, "/made/by us", NULL);
    f->file = apr_pstrcat(f->pool, f->dir, "/holdfast.db", NULL);
    *context = f;
    return 0;
}

static int teardown(void **context)
{
    struct fixture *f = *context;
    state_close(f->state);
    apr_pool_destroy(f->pool);
    tempdir_remove(f->base);
    free(f);
    return 0;
}

static void open_state(struct fixture *f)
{
    const char *message = "";
    state_close(f->state);
    f->state = NULL;
    if (state_open(f->pool, f->dir, true, &f->state, &message) != 0)
        fail_msg("%s", message);
}

static void make_dirs(struct fixture *f)
{
    open_state(f);
    state_close(f->state);
    f->state = NULL;
}

/* Opening must fail with a message of one line that has this in it. */
static void expect_refusal(struct fixture *f, const char *part)
{
    const char *message = NULL;
    struct state *state = (struct state *)f;
    assert_int_not_equal(state_open(f->pool, f->dir, true, &state, &message), 0);
    assert_ptr_equal(state, f);
    assert_non_null(message);
    assert_null(strchr(message, '\n'));
    if (!strstr(message, part))
        fail_msg("'%s' does not speak of '%s'", message, part);
}

static void need_sqlite3(void)
{
    if (system("command -v sqlite3 > /dev/null") != 0)
        skip();
}

static void run_sql(const struct fixture *f, const char *sql)
{
    need_sqlite3();
    assert_int_equal(system(apr_psprintf(f->pool, "sqlite3 '%s' '%s' > /dev/null", f->file, sql)), 0);
}

static char *read_file(struct fixture *f, size_t *out_size)
{
    FILE *file = fopen(f->file, "r");
    char *data = apr_pcalloc(f->pool, 1 << 20);
    assert_non_null(file);
    *out_size = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void write_file(struct fixture *f, const char *data, size_t size)
{
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* ---- lists ---- */

struct found {
    struct fixture *f;
    struct state_lock locks[2000];
    const char *paths[2000];
    size_t count;
};

static void collect_lock(void *ctx, const struct state_lock *lock)
{
    struct found *found = ctx;
    struct state_lock *copy = &found->locks[found->count++];
    *copy = *lock;
    copy->token = apr_pstrdup(found->f->pool, lock->token);
    copy->root = apr_pstrdup(found->f->pool, lock->root);
    copy->user = apr_pstrdup(found->f->pool, lock->user);
    copy->owner = apr_pstrdup(found->f->pool, lock->owner);
}

static struct found *list_locks(struct fixture *f)
{
    struct found *found = apr_pcalloc(f->pool, sizeof(*found));
    found->f = f;
    assert_int_equal(state_lock_list(f->state, collect_lock, found), 0);
    return found;
}

static int collect_path(void *ctx, const char *path)
{
    struct found *found = ctx;
    found->paths[found->count++] = apr_pstrdup(found->f->pool, path);
    return 0;
}

static struct found *list_paths(struct fixture *f)
{
    struct found *found = apr_pcalloc(f->pool, sizeof(*found));
    struct journal_store store = state_journal_store(f->state);
    found->f = f;
    assert_int_equal(store.list(store.ctx, collect_path, found), 0);
    return found;
}

static struct state_lock a_lock(const char *token, const char *root)
{
    return (struct state_lock){ .token = token,
                                .root = root,
                                .user = "ann",
                                .owner = "",
                                .exclusive = true,
                                .expires_ns = 5,
                                .timeout_s = 6 };
}

/* ---- tests ---- */

static void the_folder_is_made_for_our_eyes_only(void **context)
{
    struct fixture *f = *context;
    struct stat st;
    open_state(f);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(apr_pstrcat(f->pool, f->base, "/made", NULL), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(access(f->file, F_OK), 0);
}

static void a_lock_comes_back_whole_after_a_restart(void **context)
{
    struct fixture *f = *context;
    struct state_lock lock = { .token = "opaquelocktoken:1",
                               .root = "a b/c%20d",
                               .user = "domain\\user'; DROP TABLE lock; --",
                               .owner = "<D:href xmlns:D=\"DAV:\">it's me &amp; \xC3\xBC</D:href>",
                               .exclusive = false,
                               .deep = true,
                               .expires_ns = INT64_MAX,
                               .timeout_s = INT64_MAX };
    open_state(f);
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    open_state(f);

    const struct found *found = list_locks(f);
    assert_int_equal(found->count, 1);
    assert_string_equal(found->locks[0].token, lock.token);
    assert_string_equal(found->locks[0].root, lock.root);
    assert_string_equal(found->locks[0].user, lock.user);
    assert_string_equal(found->locks[0].owner, lock.owner);
    assert_false(found->locks[0].exclusive);
    assert_true(found->locks[0].deep);
    assert_true(found->locks[0].expires_ns == INT64_MAX);
    assert_true(found->locks[0].timeout_s == INT64_MAX);
}

static void a_path_may_be_any_bytes(void **context)
{
    struct fixture *f = *context;
    char all[256];
    for (int byte = 1; byte < 256; byte++)
        all[byte - 1] = (char)(byte == '/' ? '_' : byte);
    all[255] = '\0';
    const char *const paths[] = { "", "\xff\xfe", "\xC0\xAF", "a\xED\xA0\x80z", "it's \"%41\"", all };
    enum { COUNT = sizeof(paths) / sizeof(paths[0]) };
    open_state(f);
    struct journal_store store = state_journal_store(f->state);
    for (int i = 0; i < COUNT; i++) {
        struct state_lock lock = a_lock(apr_psprintf(f->pool, "t%d", i), paths[i]);
        lock.user = paths[i];
        assert_int_equal(state_lock_put(f->state, &lock), 0);
        assert_int_equal(store.add(store.ctx, paths[i]), 0);
    }
    open_state(f);

    const struct found *locks = list_locks(f);
    assert_int_equal(locks->count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(locks->locks[i].root, paths[i]);
        assert_string_equal(locks->locks[i].user, paths[i]);
    }
    const struct found *listed = list_paths(f);
    assert_int_equal(listed->count, COUNT);
    store = state_journal_store(f->state);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(store.remove(store.ctx, paths[i]), 0);
    assert_int_equal(list_paths(f)->count, 0);
}

static void putting_a_token_again_replaces_its_lock(void **context)
{
    struct fixture *f = *context;
    struct state_lock lock = a_lock("t", "x");
    open_state(f);
    state_lock_put(f->state, &lock);
    lock.expires_ns = 77;
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    const struct found *found = list_locks(f);
    assert_int_equal(found->count, 1);
    assert_int_equal(found->locks[0].expires_ns, 77);
}

static void removing_takes_what_was_named_and_nothing_else(void **context)
{
    struct fixture *f = *context;
    const char *const tokens[] = { "a", "c", "not there" };
    open_state(f);
    for (const char *token = "abcd"; *token; token++) {
        struct state_lock lock = a_lock(apr_pstrmemdup(f->pool, token, 1), "x");
        state_lock_put(f->state, &lock);
    }
    assert_int_equal(state_lock_remove(f->state, tokens, 3), 0);
    assert_int_equal(state_lock_remove(f->state, &(const char *){ "d" }, 1), 0);
    open_state(f);
    const struct found *found = list_locks(f);
    assert_int_equal(found->count, 1);
    assert_string_equal(found->locks[0].token, "b");
}

static void a_list_longer_than_a_page_is_whole(void **context)
{
    struct fixture *f = *context;
    struct journal_store store;
    enum { COUNT = 1501 };
    make_dirs(f);
    assert_int_equal(state_open(f->pool, f->dir, false, &f->state, &(const char *){ NULL }), 0);
    store = state_journal_store(f->state);
    for (int i = 0; i < COUNT; i++) {
        const char *name = apr_psprintf(f->pool, "%04d", i);
        struct state_lock lock = a_lock(name, name);
        assert_int_equal(state_lock_put(f->state, &lock), 0);
        assert_int_equal(store.add(store.ctx, name), 0);
    }
    const struct found *locks = list_locks(f), *paths = list_paths(f);
    assert_int_equal(locks->count, COUNT);
    assert_int_equal(paths->count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(atoi(locks->locks[i].root), i);
        assert_int_equal(atoi(paths->paths[i]), i);
    }
}

static int remove_listed(void *ctx, const char *path)
{
    struct fixture *f = ctx;
    struct journal_store store = state_journal_store(f->state);
    return store.remove(store.ctx, path);
}

static void a_directory_may_be_forgotten_while_they_are_listed(void **context)
{
    struct fixture *f = *context;
    open_state(f);
    struct journal_store store = state_journal_store(f->state);
    store.add(store.ctx, "a");
    store.add(store.ctx, "a"); /* twice is once */
    store.add(store.ctx, "b");
    assert_int_equal(list_paths(f)->count, 2);
    assert_int_equal(store.list(store.ctx, remove_listed, f), 0);
    assert_int_equal(list_paths(f)->count, 0);
}

static int refuse(void *ctx, const char *path)
{
    (void)path;
    ++*(int *)ctx;
    return ECANCELED;
}

static void a_listing_stops_at_the_first_error(void **context)
{
    struct fixture *f = *context;
    int calls = 0;
    open_state(f);
    struct journal_store store = state_journal_store(f->state);
    store.add(store.ctx, "a");
    store.add(store.ctx, "b");
    assert_int_equal(store.list(store.ctx, refuse, &calls), ECANCELED);
    assert_int_equal(calls, 1);
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **context)
{
    struct fixture *f = *context;
    char text[5000];
    size_t size;
    memset(text, 'x', sizeof(text));
    make_dirs(f);
    write_file(f, text, sizeof(text));
    expect_refusal(f, "not a database");
    assert_memory_equal(read_file(f, &size), text, sizeof(text));
    assert_int_equal(size, sizeof(text));
}

static void a_damaged_database_is_refused_and_left_alone(void **context)
{
    struct fixture *f = *context;
    size_t size, size_after;
    open_state(f);
    for (int i = 0; i < 500; i++) {
        struct state_lock lock = a_lock(apr_psprintf(f->pool, "token-%d", i), "some/path/that/fills/pages");
        state_lock_put(f->state, &lock);
    }
    state_close(f->state);
    f->state = NULL;
    char *data = read_file(f, &size);
    assert_true(size > 3 * 4096);
    memset(data + 4096, 0x5a, size - 2 * 4096);
    write_file(f, data, size);

    expect_refusal(f, f->file);
    assert_memory_equal(read_file(f, &size_after), data, size);
    assert_int_equal(size_after, size);
}

static void a_database_of_a_newer_schema_is_refused(void **context)
{
    struct fixture *f = *context;
    make_dirs(f);
    run_sql(f, "PRAGMA user_version = 7");
    expect_refusal(f, "schema 7");
}

static void a_database_of_an_older_schema_is_brought_up_to_date(void **context)
{
    struct fixture *f = *context;
    struct state_lock lock = a_lock("t", "x");
    const struct state_prop prop = { .ns = "", .name = "p", .markup = "<p/>" };
    bool exist = false;
    open_state(f);
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    state_close(f->state);
    f->state = NULL;
    run_sql(f, "DROP TABLE move; DROP TABLE job; DROP TABLE prop; DROP TABLE shift; PRAGMA user_version = 1");
    open_state(f);
    assert_int_equal(list_locks(f)->count, 1);
    assert_int_equal(state_prop_put(f->state, "x", &prop, 1), 0);
    open_state(f);
    assert_int_equal(state_prop_exist(f->state, "x", &exist), 0);
    assert_true(exist);
}

static void another_programs_database_is_refused(void **context)
{
    struct fixture *f = *context;
    make_dirs(f);
    unlink(f->file);
    run_sql(f, "CREATE TABLE bookmarks (url)");
    expect_refusal(f, "not one of Holdfast");
}

static void a_state_folder_that_is_a_file_is_refused(void **context)
{
    struct fixture *f = *context;
    f->dir = apr_pstrcat(f->pool, f->base, "/file", NULL);
    fclose(fopen(f->dir, "w"));
    expect_refusal(f, f->dir);
    f->dir = apr_pstrcat(f->pool, f->base, "/file/below", NULL);
    expect_refusal(f, f->dir);
}

static void a_database_that_may_not_be_written_is_refused(void **context)
{
    struct fixture *f = *context;
    make_dirs(f);
    unlink(f->file);
    assert_int_equal(mkdir(f->file, 0700), 0); /* holds against root as well */
    expect_refusal(f, f->file);
}

static void an_operator_who_vacuums_meanwhile_does_no_harm(void **context)
{
    struct fixture *f = *context;
    struct state_lock lock = a_lock("t", "x");
    open_state(f);
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    run_sql(f, "CREATE TABLE notes (text); VACUUM");
    lock.token = "u";
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    assert_int_equal(list_locks(f)->count, 2);
    run_sql(f, "DROP TABLE notes");
    assert_int_equal(list_locks(f)->count, 2);
    assert_int_equal(state_lock_remove(f->state, &(const char *){ "t" }, 1), 0);
}

static void another_writer_is_waited_for(void **context)
{
    struct fixture *f = *context;
    struct state_lock lock = a_lock("t", "x");
    open_state(f);
    const char *begun = apr_pstrcat(f->pool, f->base, "/begun", NULL);
    const char *command = apr_psprintf(
        f->pool, "sqlite3 '%s' 'BEGIN IMMEDIATE' '.shell touch %s; sleep 0.7' 'COMMIT' &", f->file, begun);
    need_sqlite3();
    assert_int_equal(system(command), 0);
    while (access(begun, F_OK) != 0)
        usleep(1000);
    assert_int_equal(state_lock_put(f->state, &lock), 0);
    assert_int_equal(list_locks(f)->count, 1);
}

struct writer {
    struct state *state;
    int number, errors;
};

static void *write_many(void *arg)
{
    struct writer *writer = arg;
    for (int i = 0; i < 50; i++) {
        char token[32];
        snprintf(token, sizeof(token), "%d-%d", writer->number, i);
        struct state_lock lock = a_lock(token, "x");
        writer->errors += state_lock_put(writer->state, &lock) != 0;
        if (i % 2)
            writer->errors += state_lock_remove(writer->state, &(const char *){ token }, 1) != 0;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **context)
{
    struct fixture *f = *context;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    open_state(f);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){ .state = f->state, .number = i };
        pthread_create(&threads[i], NULL, write_many, &writers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(writers[i].errors, 0);
    assert_int_equal(list_locks(f)->count, THREADS * 25);
}

/* ---- changes that share a transaction ---- */

enum { SHARING = 16, FAILING = 5 };

struct sharer {
    struct fixture *f;
    pthread_t thread;
    int number, error, runs;
};

static int write_and_perhaps_fail(struct state *state, apr_pool_t *scratch, void *ctx)
{
    struct sharer *sharer = ctx;
    const void *args[] = { apr_psprintf(scratch, "/%02d", sharer->number) };
    sharer->runs++;
    int error = state_run(state, scratch, "INSERT INTO journal (path) VALUES (%s)", args);
    return error ? error : sharer->number == FAILING ? E2BIG : 0;
}

static void *share(void *arg)
{
    struct sharer *sharer = arg;
    sharer->error = state_change(sharer->f->state, write_and_perhaps_fail, sharer);
    return NULL;
}

static unsigned queue_length(struct state_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    unsigned length = queue->length;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}

/* Runs as a change of its own, so that the others queue up behind it. */
static int wait_for_the_others(struct state *state, apr_pool_t *scratch, void *ctx)
{
    struct sharer *sharers = ctx;
    (void)scratch;
    for (int i = 0; i < SHARING; i++)
        pthread_create(&sharers[i].thread, NULL, share, &sharers[i]);
    while (queue_length(&state->queue) < SHARING)
        usleep(1000);
    return 0;
}

static void changes_that_wait_share_a_transaction_and_no_error(void **context)
{
    struct fixture *f = *context;
    struct sharer sharers[SHARING];
    open_state(f);
    for (int i = 0; i < SHARING; i++)
        sharers[i] = (struct sharer){ .f = f, .number = i };
    unsigned before = f->state->queue.groups;
    assert_int_equal(state_change(f->state, wait_for_the_others, sharers), 0);
    for (int i = 0; i < SHARING; i++)
        pthread_join(sharers[i].thread, NULL);
    for (int i = 0; i < SHARING; i++) {
        assert_int_equal(sharers[i].error, i == FAILING ? E2BIG : 0);
        assert_in_range(sharers[i].runs, i == FAILING ? 2 : 1, 2); /* the group ended at the failure */
    }
    assert_int_equal(f->state->queue.groups - before, 2);
    open_state(f);
    const struct found *found = list_paths(f);
    assert_int_equal(found->count, SHARING - 1);
    for (size_t i = 0; i < found->count; i++)
        assert_string_not_equal(found->paths[i], "05");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_folder_is_made_for_our_eyes_only),
        TEST(a_lock_comes_back_whole_after_a_restart),
        TEST(a_path_may_be_any_bytes),
        TEST(putting_a_token_again_replaces_its_lock),
        TEST(removing_takes_what_was_named_and_nothing_else),
        TEST(a_list_longer_than_a_page_is_whole),
        TEST(a_directory_may_be_forgotten_while_they_are_listed),
        TEST(a_listing_stops_at_the_first_error),
        TEST(a_file_that_is_no_database_is_refused_and_left_alone),
        TEST(a_damaged_database_is_refused_and_left_alone),
        TEST(a_database_of_a_newer_schema_is_refused),
        TEST(a_database_of_an_older_schema_is_brought_up_to_date),
        TEST(another_programs_database_is_refused),
        TEST(a_state_folder_that_is_a_file_is_refused),
        TEST(a_database_that_may_not_be_written_is_refused),
        TEST(an_operator_who_vacuums_meanwhile_does_no_harm),
        TEST(another_writer_is_waited_for),
        TEST(threads_do_not_disturb_each_other),
        TEST(changes_that_wait_share_a_transaction_and_no_error),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
