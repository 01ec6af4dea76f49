/*
 * The table of locks: an array of pointers, sorted by root.
 *
 * In strcmp order the tree below "a" is one run of entries, those from "a/" to before "a0" ('0' is
 * '/' + 1), although "a-b" lies between "a" and "a/b". So everything is binary search and a short
 * run, and nothing needs a second index: a token is always asked for together with a path.
 *
 * Two locks inside. `writer` is held over a whole change with its write to the database, which may
 * take an fsync; `table` is taken for writing only while pointers move. So connection threads, which
 * read, never wait for a disk. Whoever holds `writer` may read the array without `table`.
 */
#include "webdav/locks.h"

#include <apr_uuid.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct locks {
    struct state *state;
    pthread_mutex_t writer;
    pthread_rwlock_t table;
    struct lock **items; /* each one allocation, strings included */
    size_t capacity;
    atomic_size_t count;
    int64_t next_expiry_ns; /* no lock expires before; under writer */
};

/* ---- single locks ---- */

static char *put_string(char *at, const char *text, const char **out)
{
    size_t size = strlen(text) + 1;
    *out = memcpy(at, text, size);
    return at + size;
}

static size_t lock_size(const struct lock *lock)
{
    return sizeof(*lock) + strlen(lock->token) + strlen(lock->root) + strlen(lock->user) +
           strlen(lock->owner) + 4;
}

/* Into `memory` of lock_size() bytes. */
static struct lock *lock_copy(void *memory, const struct lock *from)
{
    struct lock *copy = memory;
    *copy = *from;
    copy->next = NULL;
    char *at = (char *)(copy + 1);
    at = put_string(at, from->token, &copy->token);
    at = put_string(at, from->root, &copy->root);
    at = put_string(at, from->user, &copy->user);
    put_string(at, from->owner, &copy->owner);
    return copy;
}

static struct lock *lock_new(const struct lock *from)
{
    void *memory = malloc(lock_size(from));
    if (!memory)
        abort();
    return lock_copy(memory, from);
}

static struct lock *lock_hand_out(apr_pool_t *pool, const struct lock *from)
{
    return lock_copy(apr_palloc(pool, lock_size(from)), from);
}

static bool is_live(const struct lock *lock, int64_t now_ns)
{
    return lock->expires_ns > now_ns;
}

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

/* ---- the sorted array ---- */

/* Roots as strings of which the first `len` bytes count, with `last` after them. */
static int root_compare(const char *root, const char *path, size_t len, char last)
{
    int order = strncmp(root, path, len);
    if (order != 0)
        return order;
    return (int)(unsigned char)root[len] - (int)(unsigned char)last;
}

/* The first entry whose root is not before path[0..len) + last (one more byte, or NUL for none). */
static size_t lower_bound(const struct locks *locks, const char *path, size_t len, char last)
{
    size_t low = 0, high = atomic_load(&locks->count);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (root_compare(locks->items[middle]->root, path, len, last) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The run of locks whose root is exactly path[0..len). */
static void range_at(const struct locks *locks, const char *path, size_t len, size_t *out_first,
                     size_t *out_end)
{
    size_t first = lower_bound(locks, path, len, '\0'), end = first;
    while (end < atomic_load(&locks->count) && root_compare(locks->items[end]->root, path, len, '\0') == 0)
        end++;
    *out_first = first;
    *out_end = end;
}

/* The run of locks whose root is strictly below the path. */
static void range_below(const struct locks *locks, const char *path, size_t *out_first, size_t *out_end)
{
    size_t len = strlen(path);
    if (len == 0) {
        size_t first;
        range_at(locks, "", 0, &first, out_first);
        *out_end = atomic_load(&locks->count);
        return;
    }
    *out_first = lower_bound(locks, path, len, '/');
    *out_end = lower_bound(locks, path, len, '/' + 1);
}

/* Calls each() for the live locks on the path and the deep ones above it, until it returns true. */
typedef bool visit_fn(void *ctx, struct lock *lock);

static bool visit_covering(const struct locks *locks, const char *path, int64_t now_ns, visit_fn *visit,
                           void *ctx)
{
    size_t full = strlen(path);
    for (size_t len = full;; len--) {
        if (len == full || len == 0 || path[len] == '/') {
            size_t first, end;
            range_at(locks, path, len, &first, &end);
            for (size_t i = first; i < end; i++) {
                struct lock *lock = locks->items[i];
                if ((len == full || lock->deep) && is_live(lock, now_ns) && visit(ctx, lock))
                    return true;
            }
        }
        if (len == 0)
            return false;
    }
}

static void array_insert(struct locks *locks, struct lock *lock)
{
    pthread_rwlock_wrlock(&locks->table);
    size_t count = atomic_load(&locks->count);
    if (count == locks->capacity) {
        size_t capacity = locks->capacity ? 2 * locks->capacity : 64;
        struct lock **items = realloc(locks->items, capacity * sizeof(struct lock *));
        if (!items)
            abort();
        locks->items = items;
        locks->capacity = capacity;
    }
    size_t first, end;
    range_at(locks, lock->root, strlen(lock->root), &first, &end);
    memmove(locks->items + end + 1, locks->items + end, (count - end) * sizeof(struct lock *));
    locks->items[end] = lock;
    atomic_store(&locks->count, count + 1);
    pthread_rwlock_unlock(&locks->table);
}

/* Takes out and frees the entries of [first, end) that are `doomed`. */
static void array_remove(struct locks *locks, size_t first, size_t end, visit_fn *doomed, void *ctx)
{
    pthread_rwlock_wrlock(&locks->table);
    size_t count = atomic_load(&locks->count), kept = first;
    for (size_t i = first; i < end; i++) {
        if (doomed(ctx, locks->items[i]))
            free(locks->items[i]);
        else
            locks->items[kept++] = locks->items[i];
    }
    memmove(locks->items + kept, locks->items + end, (count - end) * sizeof(struct lock *));
    atomic_store(&locks->count, count - (end - kept));
    pthread_rwlock_unlock(&locks->table);
}

/* ---- removing, from the database first ---- */

static bool is_any(void *ctx, struct lock *lock)
{
    (void)ctx;
    (void)lock;
    return true;
}

static bool is_expired(void *ctx, struct lock *lock)
{
    const int64_t *now_ns = ctx;
    return !is_live(lock, *now_ns);
}

static bool is_same(void *ctx, struct lock *lock)
{
    return ctx == lock;
}

static int remove_range(struct locks *locks, size_t first, size_t end, visit_fn *doomed, void *ctx)
{
    if (first == end)
        return 0;
    const char **tokens = malloc((end - first) * sizeof(*tokens));
    if (!tokens)
        abort();
    size_t count = 0;
    for (size_t i = first; i < end; i++)
        if (doomed(ctx, locks->items[i]))
            tokens[count++] = locks->items[i]->token;
    int error = count ? state_lock_remove_all(locks->state, tokens, count) : 0;
    free(tokens);
    if (!error && count)
        array_remove(locks, first, end, doomed, ctx);
    return error;
}

/* Expired locks are invisible anyhow; this only frees their places, so a failure can wait. */
static void sweep(struct locks *locks, int64_t now_ns)
{
    if (now_ns < locks->next_expiry_ns)
        return;
    remove_range(locks, 0, atomic_load(&locks->count), is_expired, &now_ns);
    locks->next_expiry_ns = INT64_MAX;
    for (size_t i = 0; i < atomic_load(&locks->count); i++)
        if (locks->items[i]->expires_ns < locks->next_expiry_ns)
            locks->next_expiry_ns = locks->items[i]->expires_ns;
}

/* ---- opening ---- */

static int item_compare(const void *a, const void *b)
{
    const struct lock *const *left = a, *const *right = b;
    return strcmp((*left)->root, (*right)->root);
}

static void load_one(void *ctx, const struct state_lock *stored)
{
    struct locks *locks = ctx;
    struct lock lock = { .token = stored->token,
                         .root = stored->root,
                         .user = stored->user,
                         .owner = stored->owner,
                         .exclusive = stored->exclusive,
                         .deep = stored->deep,
                         .expires_ns = stored->expires_ns,
                         .timeout_s = stored->timeout_s };
    size_t count = atomic_load(&locks->count);
    if (count == locks->capacity) {
        locks->capacity = locks->capacity ? 2 * locks->capacity : 64;
        locks->items = realloc(locks->items, locks->capacity * sizeof(struct lock *));
        if (!locks->items)
            abort();
    }
    locks->items[count] = lock_new(&lock);
    atomic_store(&locks->count, count + 1);
}

int locks_open(struct state *state, int64_t now_ns, struct locks **out)
{
    struct locks *locks = calloc(1, sizeof(*locks));
    if (!locks)
        abort();
    locks->state = state;
    pthread_mutex_init(&locks->writer, NULL);
    pthread_rwlock_init(&locks->table, NULL);
    int error = state_lock_list(state, load_one, locks);
    if (error) {
        locks_close(locks);
        return error;
    }
    if (locks->items)
        qsort(locks->items, atomic_load(&locks->count), sizeof(struct lock *), item_compare);
    sweep(locks, now_ns);
    *out = locks;
    return 0;
}

void locks_close(struct locks *locks)
{
    if (!locks)
        return;
    for (size_t i = 0; i < atomic_load(&locks->count); i++)
        free(locks->items[i]);
    free(locks->items);
    pthread_rwlock_destroy(&locks->table);
    pthread_mutex_destroy(&locks->writer);
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
    struct conflict conflict = { .want = want };
    bool found = visit_covering(locks, want->root, now_ns, is_in_the_way, &conflict);
    if (!found && want->deep) {
        size_t first, end;
        range_below(locks, want->root, &first, &end);
        for (size_t i = first; i < end && !found; i++)
            found = is_live(locks->items[i], now_ns) && is_in_the_way(&conflict, locks->items[i]);
    }
    if (found) {
        *out_found = conflict.found;
        return EEXIST;
    }
    if (conflict.on_root >= LOCKS_MAX_PER_PATH || atomic_load(&locks->count) >= LOCKS_MAX)
        return EDQUOT;
    return 0;
}

struct lock *locks_conflict(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns)
{
    struct lock *found = NULL;
    if (locks_is_empty(locks))
        return NULL;
    pthread_rwlock_rdlock(&locks->table);
    if (check_conflict(locks, want, now_ns, &found) == EEXIST)
        found = lock_hand_out(pool, found);
    pthread_rwlock_unlock(&locks->table);
    return found;
}

/* RFC 4918 6.5: tokens are unique for ever, and the scheme is ours to choose (C.). */
static void make_token(char *out)
{
    apr_uuid_t uuid;
    apr_uuid_get(&uuid);
    memcpy(out, LOCK_TOKEN_SCHEME, sizeof(LOCK_TOKEN_SCHEME) - 1);
    apr_uuid_format(out + sizeof(LOCK_TOKEN_SCHEME) - 1, &uuid);
}

int locks_add(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns,
              struct lock **out, struct lock **out_conflict)
{
    char token[sizeof(LOCK_TOKEN_SCHEME) + APR_UUID_FORMATTED_LENGTH];
    struct lock lock = *want, *found = NULL;
    lock.token = token;
    lock.expires_ns = expiry(want->timeout_s, now_ns);

    pthread_mutex_lock(&locks->writer);
    sweep(locks, now_ns);
    int error = check_conflict(locks, want, now_ns, &found);
    if (error == EEXIST)
        *out_conflict = lock_hand_out(pool, found);
    if (!error) {
        make_token(token);
        struct state_lock stored = as_state(&lock);
        error = state_lock_put(locks->state, &stored);
    }
    if (!error) {
        array_insert(locks, lock_new(&lock));
        if (lock.expires_ns < locks->next_expiry_ns)
            locks->next_expiry_ns = lock.expires_ns;
        *out = lock_hand_out(pool, &lock);
    }
    pthread_mutex_unlock(&locks->writer);
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

/* The writer lock is held. */
static int find_own(const struct locks *locks, const char *token, const char *path, const char *user,
                    int64_t now_ns, struct lock **out)
{
    struct by_token search = { .token = token };
    if (!visit_covering(locks, path, now_ns, has_token, &search))
        return ENOENT;
    if (strcmp(search.found->user, user) != 0)
        return EPERM;
    *out = search.found;
    return 0;
}

int locks_refresh(struct locks *locks, apr_pool_t *pool, const char *token, const char *path,
                  const char *user, int64_t timeout_s, int64_t now_ns, struct lock **out)
{
    struct lock *lock;
    pthread_mutex_lock(&locks->writer);
    int error = find_own(locks, token, path, user, now_ns, &lock);
    if (!error) {
        struct state_lock stored = as_state(lock);
        stored.timeout_s = timeout_s;
        stored.expires_ns = expiry(timeout_s, now_ns);
        error = state_lock_put(locks->state, &stored);
        if (!error) {
            pthread_rwlock_wrlock(&locks->table);
            lock->timeout_s = stored.timeout_s;
            lock->expires_ns = stored.expires_ns;
            pthread_rwlock_unlock(&locks->table);
            if (lock->expires_ns < locks->next_expiry_ns)
                locks->next_expiry_ns = lock->expires_ns;
            *out = lock_hand_out(pool, lock);
        }
    }
    sweep(locks, now_ns);
    pthread_mutex_unlock(&locks->writer);
    return error;
}

int locks_remove(struct locks *locks, const char *token, const char *path, const char *user, int64_t now_ns)
{
    struct lock *lock;
    pthread_mutex_lock(&locks->writer);
    int error = find_own(locks, token, path, user, now_ns, &lock);
    if (!error) {
        size_t first, end;
        range_at(locks, lock->root, strlen(lock->root), &first, &end);
        error = remove_range(locks, first, end, is_same, lock);
    }
    sweep(locks, now_ns);
    pthread_mutex_unlock(&locks->writer);
    return error;
}

int locks_drop_tree(struct locks *locks, const char *path, bool itself)
{
    if (locks_is_empty(locks))
        return 0;
    size_t first, end;
    pthread_mutex_lock(&locks->writer);
    range_below(locks, path, &first, &end);
    int error = remove_range(locks, first, end, is_any, NULL);
    if (!error && itself) {
        range_at(locks, path, strlen(path), &first, &end);
        error = remove_range(locks, first, end, is_any, NULL);
    }
    pthread_mutex_unlock(&locks->writer);
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
    *collect->last = lock_hand_out(collect->pool, lock);
    collect->last = &(*collect->last)->next;
    return false;
}

struct lock *locks_covering(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns)
{
    if (locks_is_empty(locks))
        return NULL;
    struct collect collect = { .pool = pool, .last = &collect.first };
    pthread_rwlock_rdlock(&locks->table);
    visit_covering(locks, path, now_ns, collect_copy, &collect);
    pthread_rwlock_unlock(&locks->table);
    return collect.first;
}

struct lock *locks_below(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns)
{
    if (locks_is_empty(locks))
        return NULL;
    struct collect collect = { .pool = pool, .last = &collect.first };
    size_t first, end;
    pthread_rwlock_rdlock(&locks->table);
    range_below(locks, path, &first, &end);
    for (size_t i = first; i < end; i++)
        if (is_live(locks->items[i], now_ns))
            collect_copy(&collect, locks->items[i]);
    pthread_rwlock_unlock(&locks->table);
    return collect.first;
}

bool locks_is_empty(struct locks *locks)
{
    return atomic_load(&locks->count) == 0;
}

bool locks_is_clear(struct locks *locks, const char *path, int64_t now_ns)
{
    if (locks_is_empty(locks))
        return true;
    size_t first, end;
    pthread_rwlock_rdlock(&locks->table);
    range_below(locks, path, &first, &end);
    bool is_clear = first == end && !visit_covering(locks, path, now_ns, is_any, NULL);
    pthread_rwlock_unlock(&locks->table);
    return is_clear;
}
