/*
 * What a change of a lock consists of: the table, the database, the table again.
 *
 * The mutex is held while the table is looked at or changed, never while the database is written, which
 * may take an fsync: connection threads, which read, must not wait for a disk, and changes by several
 * clients are to share a transaction. Meanwhile the lock in question stands in the table, marked as
 * `changing`, and counts: a new one is in everybody's way before its owner hears of it, one that is being
 * removed until it is gone. Whoever wants to change it too waits for the mark to go.
 */
#include "webdav/locks.h"

#include <apr_uuid.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "webdav/locktable.h"

#define HINT_MAX 1000 /* locks that a hint looks at */

struct locks {
    struct state *state;
    pthread_mutex_t mutex;
    pthread_cond_t settled; /* a mark has gone */
    struct locktable table;
    int64_t next_expiry_ns; /* no lock expires before */
    atomic_uint max_per_user, max_per_root;
};

static int64_t expiry(int64_t timeout_s, int64_t now_ns)
{
    return timeout_s > (INT64_MAX - now_ns) / 1000000000 ? INT64_MAX : now_ns + timeout_s * 1000000000;
}

static struct state_lock as_state(const struct lock *lock)
{
    return (struct state_lock){ .token = lock->token,
                                .root = lock->root,
                                .user = lock->user,
                                .owner = lock->owner,
                                .exclusive = lock->exclusive,
                                .deep = lock->deep,
                                .expires_ns = lock->expires_ns,
                                .timeout_s = lock->timeout_s };
}

int64_t locks_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void expect_expiry(struct locks *locks, const struct lock *lock)
{
    if (lock->expires_ns < locks->next_expiry_ns)
        locks->next_expiry_ns = lock->expires_ns;
}

void locks_bound(struct locks *locks, unsigned per_user, unsigned per_root)
{
    atomic_store(&locks->max_per_user, per_user);
    atomic_store(&locks->max_per_root, per_root);
}

/* ---- predicates ---- */

static bool is_any(void *ctx, struct lock *lock)
{
    (void)ctx;
    (void)lock;
    return true;
}

static bool is_expired(void *ctx, struct lock *lock)
{
    const int64_t *now_ns = ctx;
    return !locktable_is_live(lock, *now_ns);
}

static bool is_same(void *ctx, struct lock *lock)
{
    return ctx == lock;
}

/* A mark is an address of who set it. */
static bool is_marked_by(void *ctx, struct lock *lock)
{
    return ctx == lock->changing;
}

/* ---- removing; the mutex is held, but let go for the database ---- */

static void settle(struct locks *locks, struct lock *lock)
{
    lock->changing = NULL;
    pthread_cond_broadcast(&locks->settled);
}

/* Marks those of the span that are doomed and that nobody else changes; their tokens, in number
 * *out_count, are to be freed. */
static const char **mark_span(struct locks *locks, struct lock_span span, lock_visit_fn *doomed, void *ctx,
                              const void *mark, size_t *out_count)
{
    struct lock_run run = locktable_run(&locks->table, span);
    const char **tokens = NULL;
    size_t count = 0;
    if (run.first < run.end && !(tokens = malloc((run.end - run.first) * sizeof(*tokens))))
        abort();
    for (size_t i = run.first; i < run.end; i++) {
        struct lock *lock = locks->table.items[i];
        if (lock->changing || !doomed(ctx, lock))
            continue;
        lock->changing = mark;
        tokens[count++] = lock->token;
    }
    *out_count = count;
    return tokens;
}

static int remove_span(struct locks *locks, struct lock_span span, lock_visit_fn *doomed, void *ctx)
{
    int error = 0;
    size_t count;
    const char **tokens = mark_span(locks, span, doomed, ctx, &error, &count);
    if (count) {
        pthread_mutex_unlock(&locks->mutex);
        error = state_lock_remove(locks->state, tokens, count);
        pthread_mutex_lock(&locks->mutex);
        struct lock_run run = locktable_run(&locks->table, span);
        for (size_t i = run.first; i < run.end && error; i++)
            if (is_marked_by(&error, locks->table.items[i]))
                locks->table.items[i]->changing = NULL;
        if (!error)
            locktable_remove(&locks->table, run, is_marked_by, &error);
        pthread_cond_broadcast(&locks->settled);
    }
    free(tokens);
    return error;
}

/* Until nobody is changing any lock of the span. */
static void wait_span(struct locks *locks, struct lock_span span)
{
    struct lock_run run = locktable_run(&locks->table, span);
    for (size_t i = run.first; i < run.end;) {
        if (locks->table.items[i]->changing) {
            pthread_cond_wait(&locks->settled, &locks->mutex);
            run = locktable_run(&locks->table, span);
            i = run.first;
        } else {
            i++;
        }
    }
}

/* Expired locks are invisible anyhow; this only frees their places, so a failure can wait. */
static void sweep(struct locks *locks, int64_t now_ns)
{
    const struct lock_span all = { .which = SPAN_ALL };
    if (now_ns < locks->next_expiry_ns)
        return;
    locks->next_expiry_ns = INT64_MAX; /* so that nobody else begins too */
    remove_span(locks, all, is_expired, &now_ns);
    for (size_t i = 0; i < atomic_load(&locks->table.count); i++)
        expect_expiry(locks, locks->table.items[i]);
}

/* ---- opening ---- */

static void load_one(void *ctx, const struct state_lock *stored)
{
    struct locks *locks = ctx;
    const struct lock lock = { .token = stored->token,
                               .root = stored->root,
                               .user = stored->user,
                               .owner = stored->owner,
                               .exclusive = stored->exclusive,
                               .deep = stored->deep,
                               .expires_ns = stored->expires_ns,
                               .timeout_s = stored->timeout_s };
    locktable_append(&locks->table, locktable_copy(NULL, &lock));
}

int locks_open(struct state *state, int64_t now_ns, struct locks **out)
{
    struct locks *locks = calloc(1, sizeof(*locks));
    if (!locks)
        abort();
    locks->state = state;
    locks_bound(locks, LOCKS_MAX, LOCKS_MAX);
    pthread_mutex_init(&locks->mutex, NULL);
    pthread_cond_init(&locks->settled, NULL);
    int error = state_lock_list(state, load_one, locks);
    if (error) {
        locks_close(locks);
        return error;
    }
    locktable_sort(&locks->table);
    pthread_mutex_lock(&locks->mutex);
    sweep(locks, now_ns);
    pthread_mutex_unlock(&locks->mutex);
    *out = locks;
    return 0;
}

void locks_close(struct locks *locks)
{
    if (!locks)
        return;
    locktable_release(&locks->table);
    pthread_cond_destroy(&locks->settled);
    pthread_mutex_destroy(&locks->mutex);
    free(locks);
}

/* ---- adding ---- */

struct conflict {
    const struct lock *want;
    struct lock *found;
    size_t on_root;
};

/* RFC 4918 6.1, 7: shared locks bear each other, an exclusive one bears none, the same user's or not. */
static bool is_in_the_way(void *ctx, struct lock *lock)
{
    struct conflict *conflict = ctx;
    conflict->on_root += strcmp(lock->root, conflict->want->root) == 0;
    if (!lock->exclusive && !conflict->want->exclusive)
        return false;
    conflict->found = lock;
    return true;
}

static int check_conflict(const struct locks *locks, const struct lock *want, int64_t now_ns,
                          struct lock **out_found)
{
    const struct locktable *table = &locks->table;
    struct conflict conflict = { .want = want };
    bool found = locktable_covering(table, want->root, now_ns, is_in_the_way, &conflict);
    if (!found && want->deep) {
        struct lock_run run = locktable_run(table, (struct lock_span){ SPAN_BELOW, want->root });
        for (size_t i = run.first; i < run.end && !found; i++)
            found = locktable_is_live(table->items[i], now_ns) && is_in_the_way(&conflict, table->items[i]);
    }
    if (found) {
        *out_found = conflict.found;
        return EEXIST;
    }
    if (conflict.on_root >= atomic_load(&locks->max_per_root))
        return ETOOMANYREFS;
    if (locktable_held_by(table, want->user) >= atomic_load(&locks->max_per_user))
        return EUSERS;
    return atomic_load(&table->count) < LOCKS_MAX ? 0 : ENOLCK;
}

struct lock *locks_conflict(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns)
{
    struct lock *found = NULL;
    if (locks_is_empty(locks))
        return NULL;
    pthread_mutex_lock(&locks->mutex);
    if (check_conflict(locks, want, now_ns, &found) == EEXIST)
        found = locktable_copy(pool, found);
    pthread_mutex_unlock(&locks->mutex);
    return found;
}

/* RFC 4918 6.5: tokens are unique for ever, and the scheme is ours to choose (C.). A random UUID (RFC 9562 5.4); that
 * of APR costs eight system calls, a third of what else a LOCK asks of the system. */
static void make_token(char *out)
{
    apr_uuid_t uuid;
    if (getrandom(uuid.data, sizeof(uuid.data), 0) != (ssize_t)sizeof(uuid.data))
        abort(); /* so few bytes are always there once the system has started */
    uuid.data[6] = (unsigned char)((uuid.data[6] & 0x0f) | 0x40);
    uuid.data[8] = (unsigned char)((uuid.data[8] & 0x3f) | 0x80);
    memcpy(out, LOCK_TOKEN_SCHEME, sizeof(LOCK_TOKEN_SCHEME) - 1);
    apr_uuid_format(out + sizeof(LOCK_TOKEN_SCHEME) - 1, &uuid);
}

/* It stands in the table, marked; the mutex is let go meanwhile. */
static int write_new(struct locks *locks, struct lock *lock)
{
    struct state_lock stored = as_state(lock);
    pthread_mutex_unlock(&locks->mutex);
    int error = state_lock_put(locks->state, &stored);
    pthread_mutex_lock(&locks->mutex);
    settle(locks, lock);
    if (error) {
        const struct lock_span there = { SPAN_AT, lock->root };
        locktable_remove(&locks->table, locktable_run(&locks->table, there), is_same, lock);
    }
    return error;
}

int locks_add(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns,
              struct lock **out, struct lock **out_conflict)
{
    char token[sizeof(LOCK_TOKEN_SCHEME) + APR_UUID_FORMATTED_LENGTH];
    struct lock lock = *want, *found = NULL;
    lock.token = token;
    lock.expires_ns = expiry(want->timeout_s, now_ns);
    make_token(token);

    pthread_mutex_lock(&locks->mutex);
    sweep(locks, now_ns);
    int error = check_conflict(locks, want, now_ns, &found);
    if (error == EEXIST)
        *out_conflict = locktable_copy(pool, found);
    if (!error) {
        struct lock *added = locktable_copy(NULL, &lock);
        added->changing = &lock;
        locktable_insert(&locks->table, added);
        expect_expiry(locks, &lock);
        error = write_new(locks, added);
    }
    pthread_mutex_unlock(&locks->mutex);
    if (!error)
        *out = locktable_copy(pool, &lock);
    return error;
}

/* ---- one lock by its token ---- */

struct by_token {
    const char *token;
    struct lock *found;
};

static bool has_token(void *ctx, struct lock *lock)
{
    struct by_token *search = ctx;
    if (strcmp(lock->token, search->token) != 0)
        return false;
    search->found = lock;
    return true;
}

/* The mutex is held. The lock is one that nobody is changing. */
static int find_own(struct locks *locks, const char *token, const char *path, const char *user,
                    int64_t now_ns, struct lock **out)
{
    struct by_token search = { .token = token };
    while (locktable_covering(&locks->table, path, now_ns, has_token, &search)) {
        if (strcmp(search.found->user, user) != 0)
            return EPERM;
        if (!search.found->changing) {
            *out = search.found;
            return 0;
        }
        pthread_cond_wait(&locks->settled, &locks->mutex);
    }
    return ENOENT;
}

int locks_refresh(struct locks *locks, apr_pool_t *pool, const char *token, const char *path,
                  const char *user, int64_t timeout_s, int64_t now_ns, struct lock **out)
{
    struct lock *lock;
    pthread_mutex_lock(&locks->mutex);
    int error = find_own(locks, token, path, user, now_ns, &lock);
    if (!error) {
        struct state_lock stored = as_state(lock);
        stored.timeout_s = timeout_s;
        stored.expires_ns = expiry(timeout_s, now_ns);
        lock->changing = &stored;
        pthread_mutex_unlock(&locks->mutex);
        error = state_lock_put(locks->state, &stored);
        pthread_mutex_lock(&locks->mutex);
        if (!error) {
            lock->timeout_s = stored.timeout_s;
            lock->expires_ns = stored.expires_ns;
            expect_expiry(locks, lock);
            *out = locktable_copy(pool, lock);
        }
        settle(locks, lock);
    }
    sweep(locks, now_ns);
    pthread_mutex_unlock(&locks->mutex);
    return error;
}

int locks_remove(struct locks *locks, const char *token, const char *path, const char *user, int64_t now_ns)
{
    struct lock *lock;
    pthread_mutex_lock(&locks->mutex);
    int error = find_own(locks, token, path, user, now_ns, &lock);
    if (!error)
        error = remove_span(locks, (struct lock_span){ SPAN_AT, lock->root }, is_same, lock);
    sweep(locks, now_ns);
    pthread_mutex_unlock(&locks->mutex);
    return error;
}

static int drop_span(struct locks *locks, struct lock_span span)
{
    wait_span(locks, span);
    return remove_span(locks, span, is_any, NULL);
}

int locks_drop_tree(struct locks *locks, const char *path, bool itself)
{
    if (locks_is_empty(locks))
        return 0;
    pthread_mutex_lock(&locks->mutex);
    int error = drop_span(locks, (struct lock_span){ SPAN_BELOW, path });
    if (!error && itself)
        error = drop_span(locks, (struct lock_span){ SPAN_AT, path });
    pthread_mutex_unlock(&locks->mutex);
    return error;
}

/* ---- asking ---- */

struct collect {
    apr_pool_t *pool;
    struct lock *first, **last;
};

static bool collect_copy(void *ctx, struct lock *lock)
{
    struct collect *collect = ctx;
    *collect->last = locktable_copy(collect->pool, lock);
    collect->last = &(*collect->last)->next;
    return false;
}

struct lock *locks_covering(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns)
{
    if (locks_is_empty(locks))
        return NULL;
    struct collect collect = { .pool = pool, .last = &collect.first };
    pthread_mutex_lock(&locks->mutex);
    locktable_covering(&locks->table, path, now_ns, collect_copy, &collect);
    pthread_mutex_unlock(&locks->mutex);
    return collect.first;
}

struct lock *locks_below(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns)
{
    if (locks_is_empty(locks))
        return NULL;
    struct collect collect = { .pool = pool, .last = &collect.first };
    pthread_mutex_lock(&locks->mutex);
    struct lock_run run = locktable_run(&locks->table, (struct lock_span){ SPAN_BELOW, path });
    for (size_t i = run.first; i < run.end; i++)
        if (locktable_is_live(locks->table.items[i], now_ns))
            collect_copy(&collect, locks->table.items[i]);
    pthread_mutex_unlock(&locks->mutex);
    return collect.first;
}

bool locks_is_empty(struct locks *locks)
{
    return locks_count(locks) == 0;
}

size_t locks_count(const struct locks *locks)
{
    return atomic_load(&locks->table.count);
}

/* ---- the hint ---- */

/* FNV-1a over one name. */
static unsigned hint_bit(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name && *name != '/'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash ^ hash >> 16) % LOCK_HINT_BITS;
}

static bool is_deep(void *ctx, struct lock *lock)
{
    (void)ctx;
    return lock->deep;
}

void locks_hint(struct locks *locks, const char *path, int64_t now_ns, struct lock_hint *out)
{
    size_t prefix = *path ? strlen(path) + 1 : 0;
    *out = (struct lock_hint){ .has_none = true };
    if (locks_is_empty(locks))
        return;
    pthread_mutex_lock(&locks->mutex);
    struct lock_run run = locktable_run(&locks->table, (struct lock_span){ SPAN_BELOW, path });
    out->has_all =
        run.end - run.first > HINT_MAX || locktable_covering(&locks->table, path, now_ns, is_deep, NULL);
    out->has_none = run.first == run.end && !out->has_all;
    for (size_t i = run.first; i < run.end && !out->has_all; i++) {
        unsigned bit = hint_bit(locks->table.items[i]->root + prefix);
        out->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    pthread_mutex_unlock(&locks->mutex);
}

bool lock_hint_has(const struct lock_hint *hint, const char *name)
{
    if (hint->has_none || hint->has_all)
        return hint->has_all;
    unsigned bit = hint_bit(name);
    return hint->bits[bit / 64] >> bit % 64 & 1;
}
