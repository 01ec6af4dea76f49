/*
 * MKCOL (RFC 4918 9.3).
 */
#include <errno.h>

#include "fs/path.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"

#define DIR_MODE 0777 /* less the umask */

void mkcol_begin(struct dav_request *r)
{
    if (resource_has_parent(r, r->path))
        resource_check(r, NULL, CHANGE_CONTENT | CHANGE_BINDING);
}

static int make_collection(struct dav_request *r)
{
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(r->dav->fs, r->path, &dir, &name);
    if (err)
        return err;
    err = fs_mkdir(dir, name, DIR_MODE);
    if (!err) /* of something that went behind our back */
        (void)propstore_drop(r->dav->propstore, r->path);
    if (!err && r->dav->fs->durable)
        err = fs_dir_sync(dir);
    fs_dir_close(dir);
    return err;
}

/* Under the guard. The kernel decides whether the name is free. */
static void mkcol_guarded(struct dav_request *r)
{
    if (!resource_check(r, NULL, CHANGE_CONTENT | CHANGE_BINDING))
        return;
    int err = make_collection(r);
    if (err == EEXIST) { /* by what? Clients need not be able to see it */
        int look_err = resource_look(r->dav->fs, r->path, &r->exists, &r->st);
        if (!look_err && r->exists) {
            method_not_allowed(r);
            return;
        }
        err = look_err ? look_err : err;
    }
    if (err) {
        reply_errno(r, err, ROLE_PARENT);
        return;
    }
    reply_status(r, 201);
    reply_location(r, r->path, true);
}

void mkcol_run(struct dav_request *r)
{
    struct guard guard;

    guard_take(r->dav->guards, &guard, r->path, NULL);
    mkcol_guarded(r);
    guard_release(r->dav->guards, &guard);
}
