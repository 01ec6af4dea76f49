/*
 * The sorted array. Its positions move with every change, so what outlives one is looked up anew.
 */
#include "webdav/locktable.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* ---- single locks ---- */

static char *put_string(char *at, const char *text, const char **out)
{
    size_t size = strlen(text) + 1;
    *out = memcpy(at, text, size);
    return at + size;
}

struct lock *locktable_copy(apr_pool_t *pool, const struct lock *from)
{
    size_t size = sizeof(*from) + strlen(from->token) + strlen(from->root) + strlen(from->user) +
                  strlen(from->owner) + 4;
    struct lock *copy = pool ? apr_palloc(pool, size) : malloc(size);
    if (!copy)
        abort();
    *copy = *from;
    copy->next = NULL;
    copy->changing = NULL;
    char *at = (char *)(copy + 1);
    at = put_string(at, from->token, &copy->token);
    at = put_string(at, from->root, &copy->root);
    at = put_string(at, from->user, &copy->user);
    put_string(at, from->owner, &copy->owner);
    return copy;
}

bool locktable_is_live(const struct lock *lock, int64_t now_ns)
{
    return lock->expires_ns > now_ns;
}

/* ---- looking up ---- */

/* Roots as strings of which the first `len` bytes count, with `last` after them. */
static int root_compare(const char *root, const char *path, size_t len, char last)
{
    int order = strncmp(root, path, len);
    if (order != 0)
        return order;
    return (int)(unsigned char)root[len] - (int)(unsigned char)last;
}

/* The first entry whose root is not before path[0..len) + last (one more byte, or NUL for none). */
static size_t lower_bound(const struct locktable *table, const char *path, size_t len, char last)
{
    size_t low = 0, high = atomic_load(&table->count);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (root_compare(table->items[middle]->root, path, len, last) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The locks whose root is exactly path[0..len). */
static struct lock_run run_at(const struct locktable *table, const char *path, size_t len)
{
    size_t first = lower_bound(table, path, len, '\0'), end = first;
    while (end < atomic_load(&table->count) && root_compare(table->items[end]->root, path, len, '\0') == 0)
        end++;
    return (struct lock_run){ first, end };
}

static struct lock_run run_below(const struct locktable *table, const char *path)
{
    size_t len = strlen(path);
    if (len == 0)
        return (struct lock_run){ run_at(table, "", 0).end, atomic_load(&table->count) };
    return (struct lock_run){ lower_bound(table, path, len, '/'), lower_bound(table, path, len, '/' + 1) };
}

struct lock_run locktable_run(const struct locktable *table, struct lock_span span)
{
    switch (span.which) {
    case SPAN_AT:
        return run_at(table, span.path, strlen(span.path));
    case SPAN_BELOW:
        return run_below(table, span.path);
    default:
        return (struct lock_run){ 0, atomic_load(&table->count) };
    }
}

bool locktable_covering(const struct locktable *table, const char *path, int64_t now_ns, lock_visit_fn *visit,
                        void *ctx)
{
    size_t full = strlen(path);
    for (size_t len = full;; len--) {
        if (len == full || len == 0 || path[len] == '/') {
            struct lock_run run = run_at(table, path, len);
            for (size_t i = run.first; i < run.end; i++) {
                struct lock *lock = table->items[i];
                if ((len == full || lock->deep) && locktable_is_live(lock, now_ns) && visit(ctx, lock))
                    return true;
            }
        }
        if (len == 0)
            return false;
    }
}

/* ---- who has how many ---- */

struct holder {
    const char *user; /* text; of what is looked for, somebody else's */
    size_t count;
    char text[];
};

static int compare_users(const void *left, const void *right)
{
    return strcmp(((const struct holder *)left)->user, ((const struct holder *)right)->user);
}

static struct holder *holder_of(const struct locktable *table, const char *user)
{
    const struct holder wanted = { .user = user };
    void *found = tfind(&wanted, &table->holders, compare_users);
    return found ? *(struct holder **)found : NULL;
}

size_t locktable_held_by(const struct locktable *table, const char *user)
{
    const struct holder *holder = holder_of(table, user);
    return holder ? holder->count : 0;
}

static struct holder *add_holder(struct locktable *table, const char *user)
{
    size_t size = strlen(user) + 1;
    struct holder *holder = calloc(1, sizeof(*holder) + size);
    if (!holder)
        abort();
    holder->user = memcpy(holder->text, user, size);
    if (!tsearch(holder, &table->holders, compare_users))
        abort();
    return holder;
}

static void count_one(struct locktable *table, const char *user)
{
    struct holder *holder = holder_of(table, user);
    if (!holder)
        holder = add_holder(table, user);
    holder->count++;
}

static void forget_one(struct locktable *table, const char *user)
{
    struct holder *holder = holder_of(table, user);
    assert(holder);
    if (--holder->count > 0)
        return;
    tdelete(holder, &table->holders, compare_users);
    free(holder);
}

/* ---- changing ---- */

static void make_room(struct locktable *table)
{
    if (atomic_load(&table->count) < table->capacity)
        return;
    size_t capacity = table->capacity ? 2 * table->capacity : 64;
    struct lock **items = realloc(table->items, capacity * sizeof(struct lock *));
    if (!items)
        abort();
    table->items = items;
    table->capacity = capacity;
}

void locktable_append(struct locktable *table, struct lock *lock)
{
    make_room(table);
    table->items[atomic_fetch_add(&table->count, 1)] = lock;
    count_one(table, lock->user);
}

static int item_compare(const void *a, const void *b)
{
    const struct lock *const *left = a, *const *right = b;
    return strcmp((*left)->root, (*right)->root);
}

void locktable_sort(struct locktable *table)
{
    if (table->items)
        qsort(table->items, atomic_load(&table->count), sizeof(struct lock *), item_compare);
}

void locktable_insert(struct locktable *table, struct lock *lock)
{
    make_room(table);
    size_t count = atomic_load(&table->count), end = run_at(table, lock->root, strlen(lock->root)).end;
    memmove(table->items + end + 1, table->items + end, (count - end) * sizeof(struct lock *));
    table->items[end] = lock;
    count_one(table, lock->user);
    atomic_store(&table->count, count + 1);
}

void locktable_remove(struct locktable *table, struct lock_run run, lock_visit_fn *doomed, void *ctx)
{
    size_t count = atomic_load(&table->count), kept = run.first;
    for (size_t i = run.first; i < run.end; i++) {
        if (doomed(ctx, table->items[i])) {
            forget_one(table, table->items[i]->user);
            free(table->items[i]);
        } else {
            table->items[kept++] = table->items[i];
        }
    }
    memmove(table->items + kept, table->items + run.end, (count - run.end) * sizeof(struct lock *));
    atomic_store(&table->count, count - (run.end - kept));
}

void locktable_release(struct locktable *table)
{
    for (size_t i = 0; i < atomic_load(&table->count); i++)
        free(table->items[i]);
    free(table->items);
    tdestroy(table->holders, free);
}
