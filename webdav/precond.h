/*
 * One answer to "may this request do that, here, now": conditional headers, If, and locks.
 *
 * precond_check is called by begin() (early, from the headers) and again under the guard, with fresh
 * stats, before anything is published. It answers the request itself: 412 for a failed condition or
 * If, 423 with lock-token-submitted (naming the lock's root) for a lock whose token was not
 * submitted by the user who holds it, 304 never (GET does its own).
 */
#ifndef HOLDFAST_PRECOND_H
#define HOLDFAST_PRECOND_H

#include "webdav/request.h"

/* What the operation changes at a path; bits. */
enum {
    CHANGE_CONTENT = 1, /* content or properties of the resource: locks that cover it count */
    CHANGE_BINDING = 2, /* a member of its parent is added or removed: locks on the parent count too */
    CHANGE_TREE = 4,    /* the whole tree below goes or is replaced: locks below count too */
};

/* The request's own path: If-Match and friends, the If header, then the locks. `st` NULL: there is
 * nothing there now. Returns true to go on; false after having replied. */
bool precond_check(struct dav_request *r, const struct fs_stat *st, unsigned change);

/* The locks at another path (Destination). */
bool precond_check_locks(struct dav_request *r, const char *path, unsigned change);

#endif
