/*
 * Write locks (RFC 4918 6 and 7): who holds what, for how long, and what stands in whose way.
 *
 * In memory, ordered by path, so that "what covers this path" costs one look-up per path level and
 * "what lies in this tree" one range; every change is written through to the state database before
 * who asked for it hears of it. Locks are on paths (URLs), not on inodes. Expired locks are as good as gone at
 * once and are swept when met. Time is passed in, in nanoseconds since 1970.
 *
 * Threads: any; one mutex inside, which is never held while the database is written. Whoever asks
 * only (locks_conflict, _covering, _below, _is_empty, _hint) never waits for it. Functions that hand out locks
 * copy them into the pool.
 * Errors: errno; ENOENT no such lock, EEXIST a conflict, EPERM another user's, EIO/ENOSPC the state,
 * EUSERS: the user has as many as one may have, ETOOMANYREFS: the root has as many shared ones, ENOLCK: there are
 * LOCKS_MAX in all.
 */
#ifndef HOLDFAST_LOCKS_H
#define HOLDFAST_LOCKS_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webdav/dav.h"
#include "webdav/state.h"

#define LOCKS_MAX              DAV_LOCKS_MAX
#define LOCK_OWNER_MAX         8192            /* bytes of DAV:owner markup */
#define LOCK_TIMEOUT_MAX_S     (7 * 24 * 3600) /* also for who asks for Infinite */
#define LOCK_TIMEOUT_DEFAULT_S 3600
#define LOCK_TOKEN_SCHEME      "opaquelocktoken:"

struct locks;

struct lock {
    const char *token; /* with its scheme, without <> */
    const char *root;  /* canonical path */
    const char *user;
    const char *owner; /* content of DAV:owner as markup; "" if none */
    bool exclusive;
    bool deep; /* Depth: infinity */
    int64_t expires_ns;
    int64_t timeout_s;    /* as granted */
    struct lock *next;    /* in lists handed out */
    const void *changing; /* locks.c's own mark; NULL in what is handed out */
};

/* The clock for now_ns. */
int64_t locks_now(void);

int locks_open(struct state *state, int64_t now_ns, struct locks **out);

/* How many one user may have, and how many shared ones one root: those that are there already stay. Any thread. */
void locks_bound(struct locks *locks, unsigned per_user, unsigned per_root);
void locks_close(struct locks *locks);

/* Locks a path. `want` has everything but token and expires_ns. On success *out is the new lock. On
 * EEXIST *out_conflict is one lock in the way (its root may be above, at or below the path). */
int locks_add(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns,
              struct lock **out, struct lock **out_conflict);

/* Would `want` meet a lock that is in its way? NULL if not. */
struct lock *locks_conflict(struct locks *locks, apr_pool_t *pool, const struct lock *want, int64_t now_ns);

/* Extends by timeout_s from now. `path` must be covered by the lock (ENOENT otherwise), `user` its
 * creator (EPERM). */
int locks_refresh(struct locks *locks, apr_pool_t *pool, const char *token, const char *path,
                  const char *user, int64_t timeout_s, int64_t now_ns, struct lock **out);

int locks_remove(struct locks *locks, const char *token, const char *path, const char *user, int64_t now_ns);

/* All locks that cover a path: on it, and deep ones above. Usually NULL. */
struct lock *locks_covering(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns);

/* All locks whose root is strictly below the path. */
struct lock *locks_below(struct locks *locks, apr_pool_t *pool, const char *path, int64_t now_ns);

/* Quick: is there any lock at all? False lets listings skip the rest. */
bool locks_is_empty(struct locks *locks);

/* How many there are; likewise. */
size_t locks_count(const struct locks *locks);

/* Which members of a collection may be covered by a lock, so that a listing asks about those alone. The names of
 * locked ones are a set of hashes: one that is not locked is taken for locked now and then. */
#define LOCK_HINT_BITS 4096
struct lock_hint {
    bool has_none, has_all;
    uint64_t bits[LOCK_HINT_BITS / 64];
};

/* Quick, also if there are many: then all may be. */
void locks_hint(struct locks *locks, const char *path, int64_t now_ns, struct lock_hint *out);

bool lock_hint_has(const struct lock_hint *hint, const char *name);

/* The tree at `path` is gone (DELETE, MOVE's source): its locks go too. `itself`: also those rooted at
 * the path (not when something was overwritten: the URL stays mapped and its lock stays). */
int locks_drop_tree(struct locks *locks, const char *path, bool itself);

#endif
