/*
 * COPY (RFC 4918 9.8): staged beside the destination, then published in one step.
 *
 * Until then the old destination stands whole; a full disk, a stop or a crash leave it so. Members
 * that cannot be read do not stop the rest (9.8.5): what could be copied is published, and the 207
 * names the others.
 */
#include <apr_strings.h>
#include <errno.h>
#include <unistd.h>

#include "fs/path.h"
#include "webdav/copymove.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/multistatus.h"
#include "webdav/props.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"
#include "webdav/rights.h"
#include "webdav/spacewatch.h"
#include "webdav/uri.h"

#define FAILURES_MAX   1000       /* named in a 207; whoever has more knows enough */
#define FAILURES_BYTES (16 << 20) /* room for that many of the longest hrefs */
#define FILE_MODE      0777       /* what is kept: no set-user-id for a file that is now ours */

/* ---- staging ---- */

static int read_attr(struct dav_request *r, const void **out, size_t *out_len)
{
    struct fs_dir *dir;
    const char *name;

    int err = path_locate(r->dav->fs, r->path, true, r->pool, &dir, &name);
    if (err)
        return err;
    err = resource_attr(dir, name, r->pool, out, out_len);
    fs_dir_close(dir);
    return err;
}

static bool can_keep_attr(const struct staging *staging)
{
    char value[1];
    size_t len;

    return fs_get_attr(staging_dir(staging), "", value, sizeof value, &len) != ENOTSUP;
}

/* Where the destination's file system keeps no attributes. */
static int keep_in_state(struct dav_request *r, apr_pool_t *pool, const char *staged, const void *attr,
                         size_t len)
{
    struct dead_prop *list;

    if (props_parse(pool, attr, len, &list) != 0)
        return 0; /* nobody can read it; the content is copied all the same */
    return propstore_save(r->dav->propstore, staged, list);
}

static int fill_file(struct dav_request *r, int fd, struct copied *copied)
{
    const struct copymove *cm = r->state;
    const struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME,
                                  .mode = copied->st.mode & FILE_MODE,
                                  .mtime_ns = cm->has_mtime ? cm->mtime_ns : copied->st.mtime_ns };
    const void *attr = NULL;
    size_t attr_len = 0;

    int err = staging_copy(copied->staging, fd, copied->st.size, &r->progress);
    if (!err)
        err = read_attr(r, &attr, &attr_len);
    if (err)
        return err;
    if (attr_len && !can_keep_attr(copied->staging)) {
        err = keep_in_state(r, r->pool, copied->props, attr, attr_len);
        attr_len = 0;
    }
    return err ? err : staging_finish(copied->staging, &meta, attr_len ? attr : NULL, attr_len);
}

static int stage_file(struct dav_request *r, struct copied *copied)
{
    int fd;

    int err = fs_open(r->dav->fs, r->path, &fd, &copied->st);
    if (err)
        return err;
    if (!rights_hold(r->dav->fs, r->view, NULL, fd)) {
        close(fd);
        return ENOENT;
    }
    atomic_store(&r->progress.members_total, 1);
    atomic_store(&r->progress.bytes_total, copied->st.size);
    copied->role = ROLE_DEST;
    err = staging_open(r->dav->fs, r->dest, &copied->staging);
    if (!err)
        err = fill_file(r, fd, copied);
    if (!err)
        progress_add(&r->progress, 1, 0);
    close(fd);
    return err;
}

struct failures_ctx {
    struct dav_request *r;
    struct copied *copied;
    apr_pool_t *pool;
    struct copy_failure **end;
};

static void member_failed(void *ctx, const char *relpath, int error)
{
    struct failures_ctx *failures = ctx;

    if (++failures->copied->failure_count > FAILURES_MAX)
        return;
    struct copy_failure *failure = apr_pcalloc(failures->pool, sizeof *failure);
    failure->relpath = apr_pstrdup(failures->pool, relpath);
    failure->error = error;
    *failures->end = failure;
    failures->end = &failure->next;
}

/* Members for whose properties the destination has no room. */
static int member_kept(void *ctx, const char *relpath, const void *attr, size_t len)
{
    struct failures_ctx *failures = ctx;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    int err = keep_in_state(failures->r, pool, path_join(pool, failures->copied->props, relpath), attr, len);
    apr_pool_destroy(pool);
    return err;
}

static int stage_tree(struct dav_request *r, struct copied *copied)
{
    const struct copymove *cm = r->state;
    struct failures_ctx failures = { .r = r, .copied = copied, .pool = r->pool, .end = &copied->failures };
    struct rights_filter filter;
    const struct tree_report report = {
        .failed = member_failed,
        .keep_attr = member_kept,
        .ctx = &failures,
        .filter = rights_filter_init(&filter, r->dav->fs, r->view, r->path),
        .progress = &r->progress,
    };

    copied->is_tree = true;
    copied->role = ROLE_DEST;
    int err = staging_open_tree(r->dav->fs, r->dest, &copied->staging);
    if (err)
        return err;
    copied->role = ROLE_SUBJECT;
    err = tree_copy(r->dav->fs, r->path, staging_dir(copied->staging), staging_name(copied->staging),
                    cm->deep, &report);
    if (!err && !resource_leaves_space(r->dav, r->dest, 0))
        err = ENOSPC;
    return err ? err : staging_finish(copied->staging, NULL, NULL, 0);
}

struct keeping {
    const struct dav_request *r;
    apr_pool_t *pool; /* cleared for each */
    char real[FS_PATH_MAX + 1];
};

/* Rows are filed under real paths, below which there are no links. */
static bool may_read_member(void *ctx, const char *relpath)
{
    struct keeping *keeping = ctx;

    apr_pool_clear(keeping->pool);
    return access_right(keeping->r->view, path_join(keeping->pool, keeping->r->path, relpath)) >=
               ACCESS_READ &&
           access_right(keeping->r->view, path_join(keeping->pool, keeping->real, relpath)) >= ACCESS_READ;
}

/* Those that are not with the files, less what the rules hide. */
static int stage_props(struct dav_request *r, const char *staged)
{
    const struct copymove *cm = r->state;
    struct keeping keeping = { .r = r };

    int err = propstore_copy(r->dav->propstore, r->path, cm->deep, r->pool, staged);
    if (err || !cm->deep || !rights_hide_some(r))
        return err;
    err = fs_real_path(r->dav->fs, r->path, keeping.real, sizeof keeping.real);
    apr_pool_create(&keeping.pool, NULL);
    if (!err)
        err = propstore_prune(r->dav->propstore, staged, may_read_member, &keeping);
    apr_pool_destroy(keeping.pool);
    return err;
}

/* What takes a while is looked after: others write meanwhile. */
int copy_stage(struct dav_request *r, struct copied *out)
{
    struct spacewatch *watch = r->config->min_free && copymove_is_long(r) ? r->dav->spacewatch : NULL;
    struct spacewatch_entry entry;

    *out = (struct copied){ .role = ROLE_SUBJECT, .props = propstore_name(r->dav->propstore, r->pool) };
    int err = fs_stat(r->dav->fs, r->path, &out->st);
    if (!err)
        err = stage_props(r, out->props);
    if (err)
        return err;
    if (watch)
        spacewatch_begin(watch, r, &entry);
    err = out->st.type == FS_DIR ? stage_tree(r, out) : stage_file(r, out);
    if (watch)
        spacewatch_end(watch, &entry);
    return err;
}

/* ---- publishing ---- */

static int commit_with_props(struct dav_request *r, struct copied *copied)
{
    const struct copymove *cm = r->state;
    struct propstore *store = r->dav->propstore;
    struct propstore_shift shift;
    struct fs_stat st;

    int err = staging_stat(copied->staging, &st);
    if (!err)
        err = propstore_shift(store, r->pool, copied->props, r->dest, thing_of(&st), &shift);
    if (err)
        return err;
    err = staging_commit(copied->staging, cm->dest_exists, &st);
    int props_err = propstore_shifted(store, &shift, err);
    if (!err && props_err)
        copied->props = NULL; /* the next start gives them to what has been published */
    return err ? err : props_err;
}

int copy_commit(struct dav_request *r, struct copied *copied)
{
    const struct copymove *cm = r->state;

    if (!cm->is_move && !copied->failure_count) /* else there is more to tell than that it was done */
        staging_set_note(copied->staging, accepted_note_made, r);
    int err = commit_with_props(r, copied);
    if (err == EEXIST)
        return err;
    /* A tree that was replaced, or replaced by this, is removed after the answer. */
    if (!err && cm->dest_exists && (copied->is_tree || cm->dest_is_dir))
        r->leftover = copied->staging;
    else
        staging_free(copied->staging);
    copied->staging = NULL;
    return err;
}

void copy_release(struct dav_request *r, struct copied *copied)
{
    r->leftover = r->leftover ? r->leftover : copied->staging; /* unless it was published */
    if (copied->props)
        (void)propstore_drop(r->dav->propstore, copied->props);
}

/* "... together with the most appropriate of the source and destination URLs" (9.8.5): what failed is
 * reading, so it is the source's. */
void copy_reply_failures(struct dav_request *r, const struct copied *copied)
{
    struct buffer body;

    buffer_init(&body, FAILURES_BYTES);
    multistatus_begin(&body);
    for (const struct copy_failure *failure = copied->failures; failure; failure = failure->next) {
        const char *path = path_join(r->pool, r->path, failure->relpath);
        struct fs_stat st;
        bool is_dir = fs_stat(r->dav->fs, path, &st) == 0 && st.type == FS_DIR;
        multistatus_status(&body, request_href(r, path, is_dir),
                           status_from_errno(failure->error, ROLE_SUBJECT), CONDITION_NONE);
    }
    multistatus_end(&body);
    reply_buffer(r, 207, MULTISTATUS_TYPE, apr_pmemdup(r->pool, body.data, body.size), body.size);
    buffer_release(&body);
}

/* Under the guard. */
static void publish(struct dav_request *r, struct copied *copied)
{
    const struct copymove *cm = r->state;
    int err = EEXIST;

    for (int i = 0; err == EEXIST && i < COPYMOVE_ATTEMPTS; i++) {
        if (!resource_check(r, &copied->st, 0) || !copymove_check_dest(r) || reply_if_stopped(r))
            return;
        err = copy_commit(r, copied);
    }
    if (err) {
        reply_errno(r, err, ROLE_DEST);
    } else if (copied->failure_count) {
        if (cm->dest_exists)
            (void)locks_drop_tree(r->dav->locks, r->dest, false);
        copy_reply_failures(r, copied);
    } else {
        copymove_reply_done(r);
    }
}

void copy_run(struct dav_request *r)
{
    struct copied copied;
    struct guard guard;

    int err = copy_stage(r, &copied);
    if (err) {
        reply_errno(r, err, copied.role);
    } else {
        guard_take(r->dav->guards, &guard, r->dest, NULL);
        publish(r, &copied);
        guard_release(r->dav->guards, &guard);
    }
    copy_release(r, &copied);
}
