/*
 * Looks at the folder that several methods take before they change it.
 */
#include "webdav/resource.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/locks.h"
#include "webdav/precond.h"
#include "webdav/props.h"

#define ATTEMPTS 8 /* to get one answer while somebody makes and removes the thing */

/* Nothing was found at a path; is its name free? EACCES: a link has it, which leads nowhere. EAGAIN:
 * something has it that came in this moment. */
static int look_at_name(struct fs *fs, const char *path)
{
    struct fs_dir *dir;
    struct fs_stat st;
    const char *name;

    if (path_open_parent(fs, path, &dir, &name) != 0)
        return 0; /* then the name is free, though it cannot be used */
    int err = fs_stat_at(dir, name, &st);
    fs_dir_close(dir);
    if (err == ENOENT)
        return 0;
    if (err)
        return err;
    return st.type == FS_LINK ? EACCES : EAGAIN;
}

int resource_look(struct fs *fs, const char *path, bool *out_exists, struct fs_stat *out)
{
    int err, taken = EAGAIN;

    for (int i = 0; taken == EAGAIN && i < ATTEMPTS; i++) {
        err = fs_stat(fs, path, out);
        if (err && err != ENOENT && err != ENOTDIR)
            return err;
        taken = err ? look_at_name(fs, path) : 0;
    }
    if (taken)
        return taken;
    *out_exists = !err;
    return 0;
}

bool resource_has_parent(struct dav_request *r, const char *path)
{
    struct fs_stat st;

    int err = fs_stat(r->dav->fs, path_parent(r->pool, path), &st);
    if (!err && st.type != FS_DIR)
        err = ENOTDIR;
    if (err)
        reply_errno(r, err, ROLE_PARENT);
    return !err;
}

int resource_binding(struct fs *fs, apr_pool_t *pool, const char *path, const char **out)
{
    char parent[FS_PATH_MAX + 1];

    if (!*path) {
        *out = path;
        return 0;
    }
    int err = fs_real_path(fs, path_parent(pool, path), parent, sizeof parent);
    if (!err)
        *out = path_join(pool, parent, path_name(path));
    return err;
}

static bool check_binding(struct dav_request *r, const char *path, unsigned change)
{
    const char *binding;

    if (locks_is_empty(r->dav->locks) || resource_binding(r->dav->fs, r->pool, path, &binding) != 0)
        return true;
    return strcmp(binding, path) == 0 || precond_check_locks(r, binding, change);
}

bool resource_check(struct dav_request *r, const struct fs_stat *st, unsigned change)
{
    return precond_check(r, st, change) && check_binding(r, r->path, change);
}

bool resource_check_locks(struct dav_request *r, const char *path, unsigned change)
{
    return precond_check_locks(r, path, change) && check_binding(r, path, change);
}

int resource_attr(struct fs_dir *dir, const char *name, apr_pool_t *pool, const void **out, size_t *out_len)
{
    const char *value = NULL;
    size_t len = 0;

    int err = props_stored(dir, name, pool, &value, &len);
    if (err && err != ENODATA)
        return err;
    *out = value;
    *out_len = len;
    return 0;
}

int resource_space(struct dav *dav, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    uint64_t available;

    int err = fs_space(dav->fs, path, &available, out_used);
    uint64_t min_free = dav->config->min_free;
    if (!err)
        *out_available = available > min_free ? available - min_free : 0;
    return err;
}

bool resource_leaves_space(struct dav *dav, const char *path, uint64_t size)
{
    uint64_t available, used, min_free = dav->config->min_free;
    const char *name = path_name(path);
    char parent[FS_PATH_MAX + 1];

    apr_cpystrn(parent, path, name > path ? (size_t)(name - path) : 1);
    return fs_space(dav->fs, parent, &available, &used) != 0 ||
           (available >= min_free && size <= available - min_free);
}

bool resource_has_space(struct dav_request *r, const char *path, uint64_t size)
{
    if (resource_leaves_space(r->dav, path, size))
        return true;
    reply_errno(r, ENOSPC, ROLE_DEST);
    return false;
}
