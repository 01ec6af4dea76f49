/*
 * The locks in the state database. The owner's markup and the tokens are sound text already.
 */
#include <errno.h>

#include "webdav/state_internal.h"

static const char lock_put[] =
    "INSERT OR REPLACE INTO lock (token, root, creator, owner, exclusive, deep, expires_ns, timeout_s) "
    "VALUES (%s, %s, %s, %s, %d, %d, %lld, %lld)";
static const char lock_remove[] = "DELETE FROM lock WHERE token = %s";
static const char lock_list[] =
    "SELECT token, root, creator, owner, exclusive, deep, expires_ns, timeout_s FROM lock "
    "WHERE token > %s ORDER BY token " STATE_PAGE;

static int put_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct state_lock *lock = ctx;
    int exclusive = lock->exclusive, deep = lock->deep;
    apr_int64_t expires_ns = lock->expires_ns, timeout_s = lock->timeout_s;
    const void *args[] = { lock->token,
                           state_encode_path(scratch, lock->root),
                           state_encode(scratch, lock->user),
                           lock->owner,
                           &exclusive,
                           &deep,
                           &expires_ns,
                           &timeout_s };
    return state_run(state, scratch, lock_put, args);
}

int state_lock_put(struct state *state, const struct state_lock *lock)
{
    struct state_lock change = *lock;
    return state_change(state, put_change, &change);
}

struct removal {
    const char *const *tokens;
    size_t count;
};

static int remove_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct removal *removal = ctx;
    int error = 0;
    for (size_t i = 0; i < removal->count && !error; i++) {
        const void *args[] = { removal->tokens[i] };
        error = state_run(state, scratch, lock_remove, args);
    }
    return error;
}

int state_lock_remove(struct state *state, const char *const *tokens, size_t count)
{
    struct removal removal = { .tokens = tokens, .count = count };
    return state_change(state, remove_change, &removal);
}

struct listing {
    void (*each)(void *ctx, const struct state_lock *lock);
    void *ctx;
};

static int list_row(void *ctx, const struct state_row *row)
{
    const struct listing *listing = ctx;
    struct state_lock lock = { .token = state_text(row, 0),
                               .root = state_path(row, 1),
                               .user = state_decoded(row, 2),
                               .owner = state_text(row, 3),
                               .exclusive = state_int(row, 4) != 0,
                               .deep = state_int(row, 5) != 0,
                               .expires_ns = state_int(row, 6),
                               .timeout_s = state_int(row, 7) };
    if (!lock.token || !lock.root || !lock.user || !lock.owner)
        return EIO;
    listing->each(listing->ctx, &lock);
    return 0;
}

int state_lock_list(struct state *state, void (*each)(void *ctx, const struct state_lock *lock), void *ctx)
{
    struct listing listing = { .each = each, .ctx = ctx };
    return state_list(state, lock_list, list_row, &listing);
}
