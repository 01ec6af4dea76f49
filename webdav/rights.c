/*
 * Names come first: what a name alone forbids is refused before the disk is asked anything, so that nothing can be learned
 * from the time that it takes.
 */
#include "webdav/rights.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/method.h"
#include "webdav/propstore.h"

#define HOME_MODE 0777 /* less the umask */

/* What a method wants and the rules do not give. */
enum lack { LACKS_NOTHING, LACKS_WRITE, LACKS_BINDING };

const struct access_view *rights_view(struct dav *dav, apr_pool_t *pool, const char *user)
{
    if (!atomic_load_explicit(&dav->has_access, memory_order_acquire))
        return NULL;
    pthread_rwlock_rdlock(&dav->access_lock);
    const struct access_view *view = access_view(dav->access, pool, user);
    pthread_rwlock_unlock(&dav->access_lock);
    return view;
}

static enum access_right lesser(enum access_right a, enum access_right b)
{
    return a < b ? a : b;
}

/* What cannot be resolved leads to nothing that could be had. */
static bool leads_elsewhere(struct fs *fs, const char *path, char real[FS_PATH_MAX + 1])
{
    return fs_leads_to(fs, path, real, FS_PATH_MAX + 1) == 0 && strcmp(real, path) != 0;
}

typedef enum access_right weigh_fn(const struct access_view *view, const char *path);

static enum access_right weigh(struct fs *fs, const struct access_view *view, const char *path,
                               weigh_fn *right_of)
{
    char real[FS_PATH_MAX + 1];
    enum access_right right = right_of(view, path);

    if (right == ACCESS_NONE || !leads_elsewhere(fs, path, real))
        return right;
    return lesser(right, right_of(view, real));
}

enum access_right rights_at(struct fs *fs, const struct access_view *view, const char *path)
{
    return view ? weigh(fs, view, path, access_right) : ACCESS_WRITE;
}

/* ---- answers ---- */

/* Who is nobody yet may be somebody. */
static bool refuse_nobody(struct dav_request *r)
{
    r->is_sound = false; /* nothing that was done before is this one's answer */
    if (*r->user || !r->config->can_log_in)
        return false;
    reply_error(r, 401, "A user name and password are needed.");
    return true;
}

static bool hide(struct dav_request *r)
{
    if (!refuse_nobody(r))
        reply_error(r, 404, "There is nothing here.");
    return false;
}

static bool refuse(struct dav_request *r, const char *path, bool is_collection, const char *privilege)
{
    if (!refuse_nobody(r))
        reply_need_privilege(r, path, is_collection, privilege);
    return false;
}

/* ---- the path ---- */

bool rights_check_name(struct dav_request *r)
{
    return !r->path || access_right(r->view, r->path) != ACCESS_NONE || hide(r);
}

bool rights_check_place(struct dav_request *r)
{
    r->right = rights_at(r->dav->fs, r->view, r->path);
    return r->right != ACCESS_NONE || hide(r);
}

/* The root is bound nowhere: nobody lacks a right for that, and the methods themselves refuse to unbind it. */
static bool may_bind(const struct dav_request *r, const char *path)
{
    return !*path || rights_at(r->dav->fs, r->view, path_parent(r->pool, path)) == ACCESS_WRITE;
}

static bool is_all_writable(const struct dav_request *r, const char *path)
{
    return weigh(r->dav->fs, r->view, path, access_least) == ACCESS_WRITE;
}

static enum lack find_lack(const struct dav_request *r, const struct dav_method *method)
{
    if (!method->writes || method->changes == CHANGES_DEST)
        return LACKS_NOTHING;
    if (r->right < ACCESS_WRITE || (method->unbinds && !is_all_writable(r, r->path)))
        return LACKS_WRITE;
    bool is_binding = method->unbinds || !r->exists;
    return is_binding && !may_bind(r, r->path) ? LACKS_BINDING : LACKS_NOTHING;
}

bool rights_check_found(struct dav_request *r)
{
    bool is_collection = r->exists && r->st.type == FS_DIR;

    if (!r->view)
        return true;
    if (r->right == ACCESS_PASS && !is_collection)
        return hide(r);
    if (r->fd >= 0 && !rights_hold(r->dav->fs, r->view, NULL, r->fd))
        return hide(r);
    switch (find_lack(r, r->method)) {
    case LACKS_WRITE:
        return refuse(r, r->path, is_collection, "write");
    case LACKS_BINDING:
        return refuse(r, path_parent(r->pool, r->path), true, r->exists ? "unbind" : "bind");
    case LACKS_NOTHING:
        break;
    }
    return true;
}

bool rights_allow(const struct dav_request *r, const struct dav_method *method)
{
    return !r->view || !r->path || find_lack(r, method) == LACKS_NOTHING;
}

bool rights_allow_some(const struct dav_request *r)
{
    return !r->view || !r->path || access_most(r->view, r->path) == ACCESS_WRITE;
}

bool rights_check_tree(struct dav_request *r)
{
    if (!r->view || is_all_writable(r, r->path))
        return true;
    return refuse(r, r->path, true, "write");
}

bool rights_may_name(const struct dav_request *r, const char *path)
{
    return access_right(r->view, path) != ACCESS_NONE;
}

bool rights_hide_some(const struct dav_request *r)
{
    return r->view && weigh(r->dav->fs, r->view, r->path, access_least) < ACCESS_READ;
}

/* ---- the Destination: what is refused is told as it was asked for, not as it is found ---- */

bool rights_check_dest_name(struct dav_request *r, const char *path)
{
    if (!r->view || (access_least(r->view, path) == ACCESS_WRITE &&
                     (!*path || access_right(r->view, path_parent(r->pool, path)) == ACCESS_WRITE)))
        return true;
    return refuse(r, path, r->dest_slash, "bind");
}

static bool may_bind_dest(const struct dav_request *r)
{
    return is_all_writable(r, r->dest) && may_bind(r, r->dest);
}

bool rights_check_dest(struct dav_request *r, const char *asked)
{
    return !r->view || may_bind_dest(r) || refuse(r, asked, r->dest_slash, "bind");
}

/* ---- once more, when its turn comes ---- */

static bool is_allowed_still(const struct dav_request *r)
{
    bool is_collection = r->exists && r->st.type == FS_DIR;

    if (!r->view)
        return true;
    if (r->right == ACCESS_NONE || (r->right == ACCESS_PASS && !is_collection))
        return false;
    return find_lack(r, r->method) == LACKS_NOTHING && (!r->dest || may_bind_dest(r));
}

bool rights_check_again(struct dav_request *r)
{
    if (!r->path || atomic_load(&r->dav->access_turn) == r->access_turn)
        return true;
    r->view = rights_view(r->dav, r->pool, r->user);
    r->right = rights_at(r->dav->fs, r->view, r->path);
    if (!is_allowed_still(r))
        reply_error(r, 403, "The rules have changed meanwhile: this is no longer allowed.");
    return !r->reply.status;
}

/* ---- listings and copies ---- */

/* Where nobody can tell, the path has to do. */
bool rights_hold(struct fs *fs, const struct access_view *view, struct fs_dir *dir, int fd)
{
    char real[FS_PATH_MAX + 1];

    if (!view)
        return true;
    int err = fs_path_of(fs, fd, dir, real, sizeof real);
    return err ? err == ENOTSUP : access_right(view, real) >= (dir ? ACCESS_PASS : ACCESS_READ);
}

static bool holds(const struct walk_filter *walk, struct fs_dir *dir, int fd)
{
    const struct rights_filter *filter = (const struct rights_filter *)walk;

    return rights_hold(filter->fs, filter->view, dir, fd);
}

static bool shows(const struct walk_filter *walk, const char *path, enum fs_type type, bool is_linked)
{
    const struct rights_filter *filter = (const struct rights_filter *)walk;
    char real[FS_PATH_MAX + 1];
    enum access_right right = access_right(filter->view, path);

    if (right == ACCESS_NONE || type == FS_UNKNOWN)
        return right != ACCESS_NONE;
    if (is_linked || filter->is_linked) {
        if (fs_real_path(filter->fs, path, real, sizeof real) != 0)
            return false;
        right = lesser(right, access_right(filter->view, real));
    }
    return right >= ACCESS_READ || (right == ACCESS_PASS && type == FS_DIR);
}

const struct walk_filter *rights_filter_init(struct rights_filter *filter, struct fs *fs,
                                             const struct access_view *view, const char *path)
{
    char real[FS_PATH_MAX + 1];

    if (!view)
        return NULL;
    *filter = (struct rights_filter){ .walk = { .shows = shows, .holds = holds }, .fs = fs, .view = view };
    filter->is_linked = leads_elsewhere(fs, path, real);
    return &filter->walk;
}

/* ---- home folders ---- */

static int make_folder(struct dav_request *r, const char *path)
{
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(r->dav->fs, path, &dir, &name);
    if (err)
        return err;
    err = fs_mkdir(dir, name, HOME_MODE);
    if (!err) /* of something that went behind our back */
        (void)propstore_drop(r->dav->propstore, path);
    if (!err && r->dav->fs->durable)
        err = fs_dir_sync(dir);
    fs_dir_close(dir);
    return err;
}

/* If it cannot be made the request finds nothing. */
bool rights_make_home(struct dav_request *r)
{
    const char *home = access_home(r->view);
    struct fs_stat st;

    if (!home || r->config->read_only || !access_touches_home(r->view, r->path) ||
        path_find(r->dav->fs, home, r->pool, &home) != 0 || fs_stat(r->dav->fs, home, &st) != ENOENT)
        return true;
    for (const char *end = strchr(home, '/'); end; end = strchr(end + 1, '/'))
        (void)make_folder(r, apr_pstrmemdup(r->pool, home, (size_t)(end - home)));
    (void)make_folder(r, home);
    return true;
}
