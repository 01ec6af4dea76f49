/*
 * DELETE (RFC 4918 9.6): all or nothing.
 *
 * The resource vanishes with one rename or unlink, however many members it has; what remains to be
 * removed lies in the trash until dav_cleanup. A member that is locked keeps the whole where it
 * is: a 207 would be allowed (9.6.1), but there is nothing in between here, and clients take a 207
 * for success.
 */
#include <errno.h>

#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"

static unsigned change_of(const struct fs_stat *st)
{
    return CHANGE_CONTENT | CHANGE_BINDING | (st->type == FS_DIR ? CHANGE_TREE : 0);
}

void delete_begin(struct dav_request *r)
{
    enum dav_depth depth;

    if (!method_depth(r, DEPTH_INFINITY, &depth))
        return;
    if (r->st.type == FS_DIR && depth != DEPTH_INFINITY) { /* 9.6.1 */
        reply_error(r, 400, "A collection is deleted with Depth: infinity.");
        return;
    }
    resource_check(r, &r->st, change_of(&r->st));
}

/* Dead properties that are not in the file system go too (propstore.h). */
static int trash_with_props(struct dav_request *r)
{
    const struct thing unknown = { .ino = 0 };
    struct propstore_shift shift;

    int err = propstore_shift(r->dav->propstore, r->pool, r->path, NULL, unknown, &shift);
    if (err)
        return err;
    err = tree_trash(r->dav->fs, r->path, &r->trash);
    (void)propstore_shifted(r->dav->propstore, &shift,
                            err); /* else they go with the next start, or MKCOL, or PUT */
    return err;
}

/* Under the guard. */
static void delete_guarded(struct dav_request *r)
{
    struct fs_stat st;

    int err = fs_stat(r->dav->fs, r->path, &st);
    if (err) {
        reply_errno(r, err == ENOTDIR ? ENOENT : err, ROLE_SUBJECT);
        return;
    }
    if (!resource_check(r, &st, change_of(&st)) || reply_if_stopped(r))
        return;
    err = trash_with_props(r);
    if (!err || r->trash)
        /* It is gone, so its locks mean nothing any more; should the state not hear of it, they end
         * with their time (9.6: "MUST destroy locks"). */
        (void)locks_drop_tree(r->dav->locks, r->path, true);
    if (err)
        reply_errno(r, err, ROLE_SUBJECT);
    else
        reply_status(r, 204);
}

void delete_run(struct dav_request *r)
{
    struct guard guard;

    guard_take(r->dav->guards, &guard, r->path, NULL);
    delete_guarded(r);
    guard_release(r->dav->guards, &guard);
}
