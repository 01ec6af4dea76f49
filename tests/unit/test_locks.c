/*
 * Locks over a state database of the test's own, with the time passed in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/tempdir.h"
#include "webdav/locks.h"
#include "webdav/state_internal.h"

#define SECOND INT64_C(1000000000)
#define NOW    (1000 * SECOND)

#define LOCKS_PER_ROOT 100

struct fixture {
    char dir[TEMPDIR_SIZE];
    apr_pool_t *pool;
    struct state *state;
    struct locks *locks;
};

static void open_locks(struct fixture *f, int64_t now_ns)
{
    const char *message = "";
    if (state_open(f->pool, f->dir, false, &f->state, &message) != 0)
        fail_msg("%s", message);
    assert_int_equal(locks_open(f->state, now_ns, &f->locks), 0);
    locks_bound(f->locks, LOCKS_MAX, LOCKS_PER_ROOT);
}

static void close_locks(struct fixture *f)
{
    locks_close(f->locks);
    state_close(f->state);
}

static int setup(void **context)
{
    struct fixture *f = calloc(1, sizeof(*f));
    apr_initialize();
    tempdir_make(f->dir);
    apr_pool_create(&f->pool, NULL);
    open_locks(f, NOW);
    *context = f;
    return 0;
}

static int teardown(void **context)
{
    struct fixture *f = *context;
    close_locks(f);
    apr_pool_destroy(f->pool);
    tempdir_remove(f->dir);
    free(f);
    return 0;
}

/* "x" exclusive or "s" shared, "0" or "i" for its depth: a lock in two letters. */
static struct lock described(const char *root, const char *how)
{
    return (struct lock){ .root = root,
                          .user = "ann",
                          .owner = "",
                          .exclusive = how[0] == 'x',
                          .deep = how[1] == 'i',
                          .timeout_s = 60 };
}

static int try_add(struct fixture *f, const struct lock *want, struct lock **out)
{
    struct lock *conflict;
    return locks_add(f->locks, f->pool, want, NOW, out, &conflict);
}

static struct lock *add(struct fixture *f, const char *root, const char *how)
{
    struct lock want = described(root, how), *lock = NULL;
    assert_int_equal(try_add(f, &want, &lock), 0);
    return lock;
}

static unsigned count(const struct lock *list)
{
    unsigned n = 0;
    for (; list; list = list->next)
        n++;
    return n;
}

/* The roots of a list, sorted as found, as one string. */
static const char *roots(struct fixture *f, const struct lock *list)
{
    const char *text = "";
    for (; list; list = list->next)
        text = apr_pstrcat(f->pool, text, *text ? " " : "", *list->root ? list->root : "(root)", NULL);
    return text;
}

/* ---- conflicts ---- */

static const struct {
    const char *name;
    const char *held_root, *held, *want_root, *want;
    int error;
} conflicts[] = {
    { "exclusive on exclusive", "a", "x0", "a", "x0", EEXIST },
    { "shared on exclusive", "a", "x0", "a", "s0", EEXIST },
    { "exclusive on shared", "a", "s0", "a", "x0", EEXIST },
    { "shared on shared", "a", "s0", "a", "s0", 0 },
    { "below a deep exclusive", "a", "xi", "a/b/c", "x0", EEXIST },
    { "shared below a deep exclusive", "a", "xi", "a/b/c", "s0", EEXIST },
    { "exclusive below a deep shared", "a", "si", "a/b", "x0", EEXIST },
    { "shared below a deep shared", "a", "si", "a/b", "s0", 0 },
    { "below a flat one", "a", "x0", "a/b", "xi", 0 },
    { "flat above a lock", "a/b", "xi", "a", "x0", 0 },
    { "deep above an exclusive", "a/b/c", "x0", "a", "xi", EEXIST },
    { "deep shared above an exclusive", "a/b/c", "x0", "a", "si", EEXIST },
    { "deep exclusive above a shared", "a/b/c", "s0", "a", "xi", EEXIST },
    { "deep shared above a shared", "a/b/c", "s0", "a", "si", 0 },
    { "deep on the root of all", "a", "x0", "", "xi", EEXIST },
    { "flat on the root of all", "a", "x0", "", "x0", 0 },
    { "below a deep one on the root of all", "", "xi", "a", "x0", EEXIST },
    { "below a flat one on the root of all", "", "x0", "a", "x0", 0 },
    { "a sibling", "a/b", "xi", "a/c", "xi", 0 },
    { "a sibling whose name begins alike", "a", "xi", "ab", "xi", 0 },
    { "a sibling that sorts before the slash", "a", "xi", "a-b/c", "xi", 0 },
    { "the other way round", "a-b/c", "x0", "a", "xi", 0 },
    { "a name of high bytes", "a\xff", "xi", "a\xff/b", "x0", EEXIST },
    { "a member of high bytes", "a/\xff\xfe", "x0", "a", "xi", EEXIST },
};

static void locks_conflict_as_the_table_says(void **context)
{
    struct fixture *f = *context;
    for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++) {
        struct lock held = described(conflicts[i].held_root, conflicts[i].held), *first = NULL;
        struct lock want = described(conflicts[i].want_root, conflicts[i].want);
        struct lock *second = NULL, *conflict = NULL;
        assert_int_equal(try_add(f, &held, &first), 0);
        want.user = "bob";
        int error = locks_add(f->locks, f->pool, &want, NOW, &second, &conflict);
        if (error != conflicts[i].error)
            fail_msg("%s: %d", conflicts[i].name, error);
        if (error) {
            assert_string_equal(conflict->root, held.root);
            assert_string_equal(conflict->token, first->token);
            assert_null(second);
        }
        assert_int_equal(locks_drop_tree(f->locks, "", true), 0);
        assert_true(locks_is_empty(f->locks));
    }
}

static void the_same_user_cannot_lock_twice_either(void **context)
{
    struct fixture *f = *context;
    struct lock want = described("a", "x0"), *lock = NULL;
    add(f, "a", "x0");
    assert_int_equal(try_add(f, &want, &lock), EEXIST);
}

static void a_lock_has_all_that_was_asked_for_and_a_new_token(void **context)
{
    struct fixture *f = *context;
    struct lock want = described("a/b", "si"), *lock = NULL;
    want.owner = "<o/>";
    assert_int_equal(try_add(f, &want, &lock), 0);
    assert_true(strncmp(lock->token, LOCK_TOKEN_SCHEME, strlen(LOCK_TOKEN_SCHEME)) == 0);
    const char *uuid = lock->token + strlen(LOCK_TOKEN_SCHEME);
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[14], '4'); /* RFC 9562 4.1, 4.2 */
    assert_non_null(strchr("89ab", uuid[19]));
    assert_string_equal(lock->root, "a/b");
    assert_string_equal(lock->user, "ann");
    assert_string_equal(lock->owner, "<o/>");
    assert_true(lock->deep);
    assert_false(lock->exclusive);
    assert_true(lock->expires_ns == NOW + 60 * SECOND);
    assert_int_equal(lock->timeout_s, 60);
    assert_string_not_equal(add(f, "a/b", "s0")->token, lock->token);
}

/* ---- who covers what ---- */

static void a_path_is_covered_by_its_own_locks_and_deep_ones_above(void **context)
{
    struct fixture *f = *context;
    add(f, "", "s0");
    add(f, "a", "si");
    add(f, "a/b", "s0");
    add(f, "a/b/c", "s0");
    add(f, "a/bb", "s0");
    add(f, "a-", "si");
    assert_string_equal(roots(f, locks_covering(f->locks, f->pool, "a/b/c", NOW)), "a/b/c a");
    assert_string_equal(roots(f, locks_covering(f->locks, f->pool, "a/b", NOW)), "a/b a");
    assert_string_equal(roots(f, locks_covering(f->locks, f->pool, "a/not there", NOW)), "a");
    assert_string_equal(roots(f, locks_covering(f->locks, f->pool, "", NOW)), "(root)");
    assert_string_equal(roots(f, locks_covering(f->locks, f->pool, "z", NOW)), "");
}

static void below_a_path_is_what_lies_in_its_tree_and_nothing_else(void **context)
{
    struct fixture *f = *context;
    const char *const all[] = { "", "a", "a!", "a-b/c", "a/b", "a/b/c", "a0", "ab" };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        add(f, all[i], "s0");
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "a", NOW)), "a/b a/b/c");
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "a/b", NOW)), "a/b/c");
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "a/b/c", NOW)), "");
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), 7);
}

static bool may_be_locked(const struct fixture *f, const char *path, const char *name)
{
    struct lock_hint hint;
    locks_hint(f->locks, path, NOW, &hint);
    return lock_hint_has(&hint, name);
}

static void it_is_known_which_members_may_be_locked(void **context)
{
    struct fixture *f = *context;
    assert_false(may_be_locked(f, "a", "b"));
    add(f, "a/b/c", "x0");
    add(f, "d", "xi");
    assert_true(may_be_locked(f, "", "a"));
    assert_true(may_be_locked(f, "", "d"));
    assert_true(may_be_locked(f, "a", "b"));
    assert_true(may_be_locked(f, "a/b", "c"));
    assert_true(may_be_locked(f, "d/e/f", "g"));
    assert_true(may_be_locked(f, "d", "e"));
    assert_false(may_be_locked(f, "", "ab"));
    assert_false(may_be_locked(f, "a", "d"));
    assert_false(may_be_locked(f, "a/b", "cc"));
    assert_false(may_be_locked(f, "a/b/c", "d")); /* a lock of depth 0 */
    assert_false(may_be_locked(f, "a/bc", "c"));
}

static void among_many_locks_all_may_be_locked(void **context)
{
    struct fixture *f = *context;
    for (int i = 0; i < 2000; i++)
        add(f, apr_psprintf(f->pool, "a/%d", i), "x0");
    assert_true(may_be_locked(f, "a", "1"));
    assert_true(may_be_locked(f, "a", "other"));
    assert_false(may_be_locked(f, "b", "1"));
}

/* ---- time ---- */

static void an_expired_lock_is_gone_at_once(void **context)
{
    struct fixture *f = *context;
    struct lock *lock = add(f, "a", "xi"), *again = NULL, *conflict = NULL;
    int64_t last = NOW + 60 * SECOND - 1, after = NOW + 60 * SECOND;
    assert_int_equal(count(locks_covering(f->locks, f->pool, "a/b", last)), 1);
    assert_null(locks_covering(f->locks, f->pool, "a/b", after));
    assert_null(locks_below(f->locks, f->pool, "", after));
    assert_int_equal(locks_refresh(f->locks, f->pool, lock->token, "a", "ann", 60, after, &again), ENOENT);
    assert_int_equal(locks_remove(f->locks, lock->token, "a", "ann", after), ENOENT);

    struct lock want = described("a/b", "x0");
    assert_int_equal(locks_add(f->locks, f->pool, &want, after, &again, &conflict), 0);
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), 1); /* the old one was swept */
}

static void sweeping_leaves_those_that_live(void **context)
{
    struct fixture *f = *context;
    struct lock *lock, *conflict;
    for (int i = 0; i < 20; i++) {
        struct lock want = described(apr_psprintf(f->pool, "p%02d", i), "x0");
        want.timeout_s = i % 2 ? 10 : 100;
        assert_int_equal(locks_add(f->locks, f->pool, &want, NOW, &lock, &conflict), 0);
    }
    struct lock want = described("q", "x0");
    assert_int_equal(locks_add(f->locks, f->pool, &want, NOW + 10 * SECOND, &lock, &conflict), 0);
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), 11);
    close_locks(f);
    open_locks(f, NOW);
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), 11);
}

static void a_refreshed_lock_lives_longer(void **context)
{
    struct fixture *f = *context;
    struct lock *lock = add(f, "a", "xi"), *fresh = NULL;
    int64_t later = NOW + 50 * SECOND;
    assert_int_equal(locks_refresh(f->locks, f->pool, lock->token, "a/b", "ann", 30, later, &fresh), 0);
    assert_true(fresh->expires_ns == later + 30 * SECOND);
    assert_int_equal(fresh->timeout_s, 30);
    assert_string_equal(fresh->root, "a");
    assert_non_null(locks_covering(f->locks, f->pool, "a", NOW + 79 * SECOND));
    assert_null(locks_covering(f->locks, f->pool, "a", NOW + 80 * SECOND));
}

/* ---- one lock by its token ---- */

static void only_its_creator_may_use_a_lock_and_only_where_it_covers(void **context)
{
    struct fixture *f = *context;
    struct lock *lock = add(f, "a", "x0"), *fresh = NULL;
    assert_int_equal(locks_remove(f->locks, lock->token, "a", "bob", NOW), EPERM);
    assert_int_equal(locks_refresh(f->locks, f->pool, lock->token, "a", "bob", 9, NOW, &fresh), EPERM);
    assert_int_equal(locks_remove(f->locks, lock->token, "a/b", "ann", NOW), ENOENT);
    assert_int_equal(locks_remove(f->locks, lock->token, "", "ann", NOW), ENOENT);
    assert_int_equal(locks_remove(f->locks, "opaquelocktoken:x", "a", "ann", NOW), ENOENT);
    assert_null(fresh);
    assert_int_equal(locks_remove(f->locks, lock->token, "a", "ann", NOW), 0);
    assert_true(locks_is_empty(f->locks));
}

static void one_of_several_shared_locks_can_be_removed(void **context)
{
    struct fixture *f = *context;
    add(f, "a", "s0");
    struct lock *second = add(f, "a", "s0");
    add(f, "a", "s0");
    assert_int_equal(locks_remove(f->locks, second->token, "a", "ann", NOW), 0);
    struct lock *left = locks_covering(f->locks, f->pool, "a", NOW);
    assert_int_equal(count(left), 2);
    for (; left; left = left->next)
        assert_string_not_equal(left->token, second->token);
}

/* ---- trees that go ---- */

static void a_tree_that_goes_takes_its_locks_along(void **context)
{
    struct fixture *f = *context;
    const char *const all[] = { "a", "a-", "a/b", "a/b/c", "ab" };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        add(f, all[i], "s0");
    assert_int_equal(locks_drop_tree(f->locks, "a", true), 0);
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "", NOW)), "a- ab");
    close_locks(f);
    open_locks(f, NOW);
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "", NOW)), "a- ab");
}

static void what_is_overwritten_keeps_its_own_lock(void **context)
{
    struct fixture *f = *context;
    add(f, "a", "s0");
    add(f, "a/b", "s0");
    assert_int_equal(locks_drop_tree(f->locks, "a", false), 0);
    assert_string_equal(roots(f, locks_below(f->locks, f->pool, "", NOW)), "a");
}

/* ---- restarts and bounds ---- */

static void locks_survive_a_restart(void **context)
{
    struct fixture *f = *context;
    struct lock *long_one = add(f, "b/\xff", "xi"), *fresh;
    add(f, "a", "s0");
    assert_int_equal(locks_refresh(f->locks, f->pool, long_one->token, "b/\xff", "ann", 500, NOW, &fresh), 0);
    close_locks(f);
    open_locks(f, NOW + 100 * SECOND);

    struct lock *lock = locks_covering(f->locks, f->pool, "b/\xff/x", NOW + 100 * SECOND);
    assert_int_equal(count(lock), 1);
    assert_string_equal(lock->token, long_one->token);
    assert_string_equal(lock->user, "ann");
    assert_true(lock->exclusive && lock->deep);
    assert_true(lock->expires_ns == NOW + 500 * SECOND);
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), 1); /* "a" had expired */
    assert_int_equal(locks_remove(f->locks, lock->token, "b/\xff", "ann", NOW), 0);
    close_locks(f);
    open_locks(f, NOW);
    assert_true(locks_is_empty(f->locks));
}

static void there_is_a_bound_on_shared_locks_of_one_resource(void **context)
{
    struct fixture *f = *context;
    struct lock want = described("a", "s0"), *lock = NULL;
    add(f, "", "si"); /* from above: does not count */
    for (int i = 0; i < LOCKS_PER_ROOT; i++)
        add(f, "a", "s0");
    assert_int_equal(try_add(f, &want, &lock), ETOOMANYREFS);
    add(f, "b", "s0");
}

static void there_is_a_bound_on_the_locks_of_a_user(void **context)
{
    struct fixture *f = *context;
    struct lock want = described("d", "x0"), *lock = NULL, *held[3];
    locks_bound(f->locks, 3, LOCKS_PER_ROOT);
    for (int i = 0; i < 3; i++)
        held[i] = add(f, (const char *[]){ "a", "b", "c" }[i], "x0");
    assert_int_equal(try_add(f, &want, &lock), EUSERS);
    want.user = "bob";
    assert_int_equal(try_add(f, &want, &lock), 0);
    want = described("e", "x0");
    assert_int_equal(try_add(f, &want, &lock), EUSERS);

    assert_int_equal(locks_remove(f->locks, held[1]->token, "b", "ann", NOW), 0);
    assert_int_equal(try_add(f, &want, &lock), 0);
    assert_int_equal(locks_drop_tree(f->locks, "a", true), 0);
    add(f, "a", "x0");
    close_locks(f); /* they are counted again when they are loaded */
    open_locks(f, NOW);
    locks_bound(f->locks, 3, LOCKS_PER_ROOT);
    want = described("f", "x0");
    assert_int_equal(try_add(f, &want, &lock), EUSERS);
    struct lock *conflict;
    int64_t later_ns = NOW + (LOCK_TIMEOUT_MAX_S + 1) * SECOND;
    assert_int_equal(locks_add(f->locks, f->pool, &want, later_ns, &lock, &conflict),
                     0); /* all have expired */
}

static void a_lock_that_cannot_be_written_down_is_not_given(void **context)
{
    struct fixture *f = *context;
    struct lock *held = add(f, "a", "x0"), *lock = NULL;
    struct lock want = described("b", "x0");
    const char *sql = apr_psprintf(f->pool, "sqlite3 %s/holdfast.db 'DROP TABLE lock'", f->dir);
    if (system("command -v sqlite3 > /dev/null") != 0)
        skip();
    assert_int_equal(system(sql), 0);
    assert_int_equal(try_add(f, &want, &lock), EIO);
    assert_null(lock);
    assert_null(locks_covering(f->locks, f->pool, "b", NOW));
    assert_int_equal(locks_remove(f->locks, held->token, "a", "ann", NOW), EIO);
    assert_non_null(locks_covering(f->locks, f->pool, "a", NOW));
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 60 };

struct worker {
    struct locks *locks;
    int number, got, errors;
};

/* All want the same path: each round one may hold it, and whoever holds it gives it back. */
static void *fight(void *arg)
{
    struct worker *worker = arg;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        struct lock want = described("a/b", "xi"), *lock, *conflict;
        int error = locks_add(worker->locks, pool, &want, NOW, &lock, &conflict);
        if (error == 0) {
            worker->got++;
            worker->errors += count(locks_covering(worker->locks, pool, "a/b/c", NOW)) != 1;
            worker->errors += locks_remove(worker->locks, lock->token, "a/b", "ann", NOW) != 0;
        } else {
            worker->errors += error != EEXIST;
        }
        struct lock_hint hint;
        locks_hint(worker->locks, "a", NOW, &hint);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void *keep(void *arg)
{
    struct worker *worker = arg;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        const char *root = apr_psprintf(pool, "%d/%d", worker->number, i);
        struct lock want = described(root, "x0"), *lock, *conflict;
        worker->errors += locks_add(worker->locks, pool, &want, NOW, &lock, &conflict) != 0;
        worker->errors += count(locks_covering(worker->locks, pool, root, NOW)) != 1;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static int run_threads(struct fixture *f, void *(*run)(void *))
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int got = 0, errors = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .locks = f->locks, .number = i };
        pthread_create(&threads[i], NULL, run, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        errors += workers[i].errors;
        got += workers[i].got;
    }
    assert_int_equal(errors, 0);
    return got;
}

static void an_exclusive_lock_has_one_holder_however_many_want_it(void **context)
{
    struct fixture *f = *context;
    assert_true(run_threads(f, fight) > 0);
    assert_true(locks_is_empty(f->locks));
}

static void no_lock_is_lost_when_many_are_made_at_once(void **context)
{
    struct fixture *f = *context;
    run_threads(f, keep);
    close_locks(f);
    open_locks(f, NOW);
    assert_int_equal(count(locks_below(f->locks, f->pool, "", NOW)), THREADS * ROUNDS);
    for (int i = 0; i < THREADS; i++) {
        const char *dir = apr_psprintf(f->pool, "%d", i);
        assert_int_equal(count(locks_below(f->locks, f->pool, dir, NOW)), ROUNDS);
    }
}

/* ---- while the database is written ---- */

struct change {
    struct fixture *f;
    apr_pool_t *pool;
    const char *token; /* to be removed; NULL: one on "a" is added */
    pthread_t thread;
    int error;
};

static void *make_change(void *arg)
{
    struct change *change = arg;
    struct lock want = described("a", "xi"), *out, *conflict;
    change->error = change->token ? locks_remove(change->f->locks, change->token, "a", "ann", NOW)
                                  : locks_add(change->f->locks, change->pool, &want, NOW, &out, &conflict);
    return NULL;
}

static void start_change(struct fixture *f, struct change *change, const char *token)
{
    *change = (struct change){ .f = f, .token = token };
    apr_pool_create(&change->pool, NULL);
    pthread_create(&change->thread, NULL, make_change, change);
}

static int end_change(struct change *change)
{
    pthread_join(change->thread, NULL);
    apr_pool_destroy(change->pool);
    return change->error;
}

/* The disk is held up by the test, which holds the database. */
static void whoever_only_asks_does_not_wait_for_the_disk(void **context)
{
    struct fixture *f = *context;
    struct change add, remove;
    const struct lock *seen;
    pthread_mutex_lock(&f->state->mutex);
    start_change(f, &add, NULL);
    while (!(seen = locks_covering(f->locks, f->pool, "a/b", NOW)))
        usleep(1000);
    const struct lock below = described("a/b", "x0");
    assert_non_null(locks_conflict(f->locks, f->pool, &below, NOW));
    assert_true(may_be_locked(f, "a", "b"));
    start_change(f, &remove, seen->token); /* waits until the lock is written */
    pthread_mutex_unlock(&f->state->mutex);
    assert_int_equal(end_change(&add), 0);
    assert_int_equal(end_change(&remove), 0);
    assert_true(locks_is_empty(f->locks));
}

static void *add_shared(void *arg)
{
    struct change *change = arg;
    struct lock want = described("s", "s0"), *out, *conflict;
    change->error = locks_add(change->f->locks, change->pool, &want, NOW, &out, &conflict);
    return NULL;
}

static unsigned queue_length(struct state_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    unsigned length = queue->length;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}

/* One is being written (by the test's leave), the others wait for the same transaction. */
static void locks_of_several_clients_are_written_together(void **context)
{
    struct fixture *f = *context;
    enum { COUNT = 8 };
    struct change adds[COUNT];
    pthread_mutex_lock(&f->state->mutex);
    unsigned before = f->state->queue.groups;
    for (int i = 0; i < COUNT; i++) {
        adds[i] = (struct change){ .f = f };
        apr_pool_create(&adds[i].pool, NULL);
        pthread_create(&adds[i].thread, NULL, add_shared, &adds[i]);
    }
    while (queue_length(&f->state->queue) < COUNT - 1)
        usleep(1000);
    pthread_mutex_unlock(&f->state->mutex);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(end_change(&adds[i]), 0);
    assert_int_equal(f->state->queue.groups - before, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(locks_conflict_as_the_table_says),
        TEST(the_same_user_cannot_lock_twice_either),
        TEST(a_lock_has_all_that_was_asked_for_and_a_new_token),
        TEST(a_path_is_covered_by_its_own_locks_and_deep_ones_above),
        TEST(below_a_path_is_what_lies_in_its_tree_and_nothing_else),
        TEST(it_is_known_which_members_may_be_locked),
        TEST(among_many_locks_all_may_be_locked),
        TEST(an_expired_lock_is_gone_at_once),
        TEST(sweeping_leaves_those_that_live),
        TEST(a_refreshed_lock_lives_longer),
        TEST(only_its_creator_may_use_a_lock_and_only_where_it_covers),
        TEST(one_of_several_shared_locks_can_be_removed),
        TEST(a_tree_that_goes_takes_its_locks_along),
        TEST(what_is_overwritten_keeps_its_own_lock),
        TEST(locks_survive_a_restart),
        TEST(there_is_a_bound_on_shared_locks_of_one_resource),
        TEST(there_is_a_bound_on_the_locks_of_a_user),
        TEST(a_lock_that_cannot_be_written_down_is_not_given),
        TEST(an_exclusive_lock_has_one_holder_however_many_want_it),
        TEST(no_lock_is_lost_when_many_are_made_at_once),
        TEST(whoever_only_asks_does_not_wait_for_the_disk),
        TEST(locks_of_several_clients_are_written_together),
    };
    return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
