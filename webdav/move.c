/*
 * MOVE (RFC 4918 9.9): one rename under the guard, whatever the size. Across file systems: crossing.c.
 *
 * A link is moved as a link. Locks do not move (7.6).
 */
#include <errno.h>

#include "fs/path.h"
#include "webdav/copymove.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"

bool move_check_source(struct dav_request *r, struct fs_stat *out)
{
    int err = fs_stat(r->dav->fs, r->path, out);

    if (!err)
        return resource_check(r, out, CHANGE_CONTENT | CHANGE_BINDING | CHANGE_TREE);
    reply_errno(r, err, ROLE_SUBJECT);
    return false;
}

static int set_mtime(struct dav_request *r, int64_t mtime_ns)
{
    const struct fs_meta meta = { .set = FS_SET_MTIME, .mtime_ns = mtime_ns };
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(r->dav->fs, r->dest, &dir, &name);
    if (err)
        return err;
    err = fs_set_meta(dir, name, &meta);
    fs_dir_close(dir);
    return err;
}

void move_reply_done(struct dav_request *r)
{
    (void)locks_drop_tree(r->dav->locks, r->path, true);
    copymove_reply_done(r);
}

/* Dead properties that are not in the file system go along (propstore.h). */
static int rename_with_props(struct dav_request *r, bool replace)
{
    const struct thing unknown = { .ino = 0 };
    struct propstore_shift shift;

    int err = propstore_shift(r->dav->propstore, r->pool, r->path, r->dest, unknown, &shift);
    if (err)
        return err;
    err = tree_move(r->dav->fs, r->path, r->dest, replace, &r->trash);
    int props_err = propstore_shifted(r->dav->propstore, &shift, err);
    return props_err && (!err || err == EXDEV) ? props_err
                                               : err; /* after EXDEV it would go on without them */
}

/* Under the guard. Returns true if the file systems differ: then nothing is done yet. */
static bool rename_guarded(struct dav_request *r)
{
    struct copymove *cm = r->state;
    struct fs_stat st;
    int err = EEXIST;

    for (int i = 0; err == EEXIST && i < COPYMOVE_ATTEMPTS; i++) {
        if (!move_check_source(r, &st) || !copymove_check_dest(r) || reply_if_stopped(r))
            return false;
        err = rename_with_props(r, cm->dest_exists);
    }
    if (err == EXDEV)
        return true;
    if (err) {
        /* It was there a moment ago, so what is missing is the destination's parent. */
        reply_errno(r, err, ROLE_DEST);
        return false;
    }
    if (cm->has_mtime)
        cm->has_mtime = set_mtime(r, cm->mtime_ns) == 0;
    progress_add(&r->progress, 1, 0);
    move_reply_done(r);
    return false;
}

void move_run(struct dav_request *r)
{
    struct guard guard;

    guard_take(r->dav->guards, &guard, r->path, r->dest);
    bool crosses = rename_guarded(r);
    guard_release(r->dav->guards, &guard);
    if (crosses)
        move_across(r);
}
