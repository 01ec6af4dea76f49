/*
 * The table that locks.c keeps its locks in: an array of pointers, sorted by root.
 *
 * In strcmp order the tree below "a" is one run of entries, those from "a/" to before "a0" ('0' is
 * '/' + 1), although "a-b" lies between "a" and "a/b". So everything is binary search and a short
 * run, and nothing needs a second index: a token is always asked for together with a path.
 *
 * Threads: none of its own; the caller's mutex is held for everything but the count.
 */
#ifndef HOLDFAST_LOCKTABLE_H
#define HOLDFAST_LOCKTABLE_H

#include <stdatomic.h>

#include "webdav/locks.h"

struct locktable {
    struct lock **items; /* each one allocation, strings included */
    size_t capacity;
    atomic_size_t count;
    void *holders; /* how many each user has: tsearch's tree */
};

/* Some of the locks: on a path, strictly below it, or all. */
struct lock_span {
    enum { SPAN_AT, SPAN_BELOW, SPAN_ALL } which;
    const char *path;
};

/* A run of entries. Valid until the table changes. */
struct lock_run {
    size_t first, end;
};

typedef bool lock_visit_fn(void *ctx, struct lock *lock);

/* A copy with its strings; in the pool, or with NULL to be freed. */
struct lock *locktable_copy(apr_pool_t *pool, const struct lock *from);

bool locktable_is_live(const struct lock *lock, int64_t now_ns);

struct lock_run locktable_run(const struct locktable *table, struct lock_span span);

/* Calls visit() for the live locks on the path and the deep ones above it, until it returns true. */
bool locktable_covering(const struct locktable *table, const char *path, int64_t now_ns, lock_visit_fn *visit,
                        void *ctx);

/* Adds at the end, in no order, and sorts: for loading. */
void locktable_append(struct locktable *table, struct lock *lock);
void locktable_sort(struct locktable *table);

/* Takes the lock over. */
void locktable_insert(struct locktable *table, struct lock *lock);

/* Takes out and frees those of the run for which doomed() is true. */
void locktable_remove(struct locktable *table, struct lock_run run, lock_visit_fn *doomed, void *ctx);

/* How many locks of this user there are, expired ones that are still there included. */
size_t locktable_held_by(const struct locktable *table, const char *user);

void locktable_release(struct locktable *table);

#endif
