/*
 * Conditions and locks, asked in the order in which RFC 9110 13.2 and RFC 4918 10.4 want them: the
 * plain conditional headers, then If as a condition, then If as the place where lock tokens are
 * handed in. A request may fail the first two although nothing is locked, and the third although
 * its If holds.
 *
 * A resource that is changed may be locked by several (shared) locks at once: then one token is
 * enough, and it must be of a lock that this user made (RFC 4918 6.4, 7.5). A resource above or
 * below that is changed too needs one of its own locks' tokens.
 */
#include "webdav/precond.h"

#include <errno.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/etag.h"
#include "webdav/locks.h"
#include "webdav/rights.h"
#include "webdav/uri.h"

struct evaluation {
    struct dav_request *r;
    const struct fs_stat *st; /* of the request's own resource; NULL: nothing there */
    int64_t now_ns;
};

/* What a tag of the If header names, if it is ours to speak of. */
static bool find_tagged(struct dav_request *r, const char *resource, const char **out_path)
{
    const struct uri_self self = request_self(r);
    const char *path, *found;
    bool slash;
    if (uri_to_path(r->pool, resource, &self, &path, &slash) != 0 || path_is_reserved(path) ||
        !rights_may_name(r, path))
        return false;
    *out_path = path_find(r->dav->fs, path, r->pool, &found) == 0 ? found : path;
    return rights_at(r->dav->fs, r->view, *out_path) >= ACCESS_READ;
}

static bool is_locked_with(const struct evaluation *evaluation, const char *path, const char *token)
{
    struct dav_request *r = evaluation->r;
    const struct lock *lock = locks_covering(r->dav->locks, r->pool, path, evaluation->now_ns);
    while (lock && strcmp(lock->token, token) != 0)
        lock = lock->next;
    return lock != NULL;
}

/* RFC 4918 10.4.4: a token matches a resource that is in the scope of that lock, an entity tag by
 * strong comparison. An unmapped URL has no entity tag, but it may be covered by a lock. */
static bool matches(void *ctx, const char *resource, enum if_kind kind, const char *value)
{
    struct evaluation *evaluation = ctx;
    const char *path = evaluation->r->path;
    if (resource && !find_tagged(evaluation->r, resource, &path))
        return false;
    if (kind == IF_TOKEN)
        return is_locked_with(evaluation, path, value);

    const struct fs_stat *st = evaluation->st;
    struct fs_stat tagged;
    if (resource && strcmp(path, evaluation->r->path) != 0)
        st = fs_stat(evaluation->r->dav->fs, path, &tagged) == 0 ? &tagged : NULL;
    if (!st)
        return false;
    char etag[ETAG_SIZE];
    etag_format(st, etag);
    return strcmp(etag, value) == 0; /* ours are strong, so a weak one differs by its W/ */
}

/* Is one of the locks on a resource the user's own, and was its token handed in? */
static bool is_submitted(const struct dav_request *r, const struct lock *locks)
{
    for (const struct lock *lock = locks; lock; lock = lock->next)
        if (r->if_header && strcmp(lock->user, r->user) == 0 && ifheader_has_token(r->if_header, lock->token))
            return true;
    return false;
}

/* NULL, or the root of a lock that stands in the way of changing the resource at the path. */
static const char *blocking_root(struct dav_request *r, const char *path, int64_t now_ns)
{
    const struct lock *locks = locks_covering(r->dav->locks, r->pool, path, now_ns);
    return locks && !is_submitted(r, locks) ? locks->root : NULL;
}

static const char *blocking_root_below(struct dav_request *r, const char *path, int64_t now_ns)
{
    const char *last = NULL, *blocking = NULL;
    const struct lock *lock = locks_below(r->dav->locks, r->pool, path, now_ns);
    for (; lock && !blocking; lock = lock->next) {
        if (last && strcmp(last, lock->root) == 0)
            continue; /* another shared lock on the resource just asked about */
        last = lock->root;
        blocking = blocking_root(r, lock->root, now_ns);
    }
    return blocking;
}

bool precond_check_locks(struct dav_request *r, const char *path, unsigned change)
{
    if (locks_is_empty(r->dav->locks))
        return true;
    int64_t now_ns = locks_now();
    const char *blocking = NULL;
    if (change & CHANGE_CONTENT)
        blocking = blocking_root(r, path, now_ns);
    if (!blocking && (change & CHANGE_BINDING) && *path) /* RFC 4918 7.4 */
        blocking = blocking_root(r, path_parent(r->pool, path), now_ns);
    if (!blocking && (change & CHANGE_TREE))
        blocking = blocking_root_below(r, path, now_ns);
    if (!blocking)
        return true;
    const char *hrefs[] = { blocking, NULL };
    reply_condition(r, 423, CONDITION_LOCK_TOKEN_SUBMITTED, hrefs);
    return false;
}

bool precond_check(struct dav_request *r, const struct fs_stat *st, unsigned change)
{
    int status = etag_preconditions(r->headers, st, false);
    if (status) {
        reply_error(r, status, "A condition of the request (If-Match and the like) does not hold.");
        return false;
    }
    struct evaluation evaluation = { .r = r, .st = st, .now_ns = locks_now() };
    if (r->if_header && !ifheader_evaluate(r->if_header, matches, &evaluation)) {
        reply_error(r, 412, "No list of the If header holds.");
        return false;
    }
    return precond_check_locks(r, r->path, change);
}
