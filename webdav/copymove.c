/*
 * What COPY and MOVE (RFC 4918 9.8, 9.9) refuse from the head, and their look at the destination.
 *
 * Source and destination must not be the same, nor one inside the other: peers destroy data there.
 * They are compared as URLs and once more with all links resolved, since two URLs may lead to one
 * place.
 */
#include "webdav/copymove.h"

#include <errno.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/resource.h"
#include "webdav/rights.h"
#include "webdav/uri.h"

#define LONG_COPY_BYTES (8 * 1024 * 1024) /* a file of this size keeps a worker busy */

/* ---- the head ---- */

static bool parse_destination(struct dav_request *r)
{
    const struct uri_self self = request_self(r);
    const char *uri = request_header(r, "Destination"), *path = NULL;

    int err = uri ? uri_to_path(r->pool, uri, &self, &path, &r->dest_slash) : EINVAL;
    if (!err) {
        if (path_is_reserved(path))
            reply_error(r, 403, "The name in Destination is the server's own.");
        else if (!*path)
            reply_error(r, 403, "The root collection cannot be replaced.");
        else if (rights_check_dest_name(r, path))
            err = path_find(r->dav->fs, path, r->pool, &r->dest);
    }
    if (err == EXDEV) /* 9.8.5 */
        reply_error(r, 502, "The Destination is on another server, or in another share.");
    else if (err == EINVAL)
        reply_error(r, 400, "%s",
                    uri ? "Destination is not a URI of this server." : "Where to? Destination is missing.");
    else if (err)
        reply_errno(r, err, ROLE_DEST);
    return r->dest && rights_check_dest(r, path);
}

static bool parse_head(struct dav_request *r, struct copymove *cm)
{
    enum dav_depth depth;

    if (!parse_destination(r) || !method_overwrite(r, &cm->overwrite) ||
        !method_depth(r, DEPTH_INFINITY, &depth))
        return false;
    /* 9.8.3, 9.9.2; a file has no members, so its Depth does not matter */
    bool is_dir = r->st.type == FS_DIR;
    if (is_dir && (depth == DEPTH_1 || (cm->is_move && depth == DEPTH_0))) {
        reply_error(r, 400, "%s of a collection has no such Depth.", r->method->name);
        return false;
    }
    cm->deep = is_dir && depth == DEPTH_INFINITY;
    cm->has_mtime = !is_dir && method_oc_mtime(r, &cm->mtime_ns);
    return true;
}

/* ---- same, inside, around ---- */

static bool refuse_relation(struct dav_request *r, const struct copymove *cm, const char *source,
                            const char *dest)
{
    if (strcmp(source, dest) == 0) /* 9.8.5 */
        reply_error(r, 403, "Source and destination are the same.");
    else if (cm->deep && path_is_within(dest, source))
        reply_error(r, 403, "The destination is inside the source.");
    else if (path_is_within(source, dest)) /* overwriting would remove the source */
        reply_error(r, 403, "The source is inside the destination.");
    else
        return true;
    return false;
}

/* The same question for what the URLs lead to. Either may vanish while we look: a source that is gone is a
 * 404, a destination that is gone is a free one. */
static bool check_real_relation(struct dav_request *r, const struct copymove *cm)
{
    const char *source_binding, *dest_binding;
    char source[FS_PATH_MAX + 1], dest[FS_PATH_MAX + 1];
    bool dest_exists = cm->dest_exists;

    int err = fs_real_path(r->dav->fs, r->path, source, sizeof source);
    if (!err)
        err = resource_binding(r->dav->fs, r->pool, r->path, &source_binding);
    if (err) {
        reply_errno(r, err, ROLE_SUBJECT);
        return false;
    }
    err = resource_binding(r->dav->fs, r->pool, r->dest, &dest_binding);
    if (!err && dest_exists) {
        err = fs_real_path(r->dav->fs, r->dest, dest, sizeof dest);
        if (err == ENOENT) {
            dest_exists = false;
            err = 0;
        }
    }
    if (err) {
        reply_errno(r, err, ROLE_DEST);
        return false;
    }
    if (dest_exists && strcmp(source, dest) == 0)
        return refuse_relation(r, cm, source, dest);
    return refuse_relation(r, cm, source_binding, dest_binding) &&
           refuse_relation(r, cm, source, dest_binding);
}

/* ---- the destination ---- */

static unsigned dest_change(const struct copymove *cm)
{
    /* Overwriting is a DELETE first (9.8.4), so the parent's locks count in any case. */
    return CHANGE_CONTENT | CHANGE_BINDING | (cm->dest_exists ? CHANGE_TREE : 0);
}

bool copymove_check_dest(struct dav_request *r)
{
    struct copymove *cm = r->state;
    struct fs_stat st;

    int err = resource_look(r->dav->fs, r->dest, &cm->dest_exists, &st);
    if (err) {
        reply_errno(r, err, ROLE_DEST);
        return false;
    }
    cm->dest_is_dir = cm->dest_exists && st.type == FS_DIR;
    cm->dest_thing = cm->dest_exists ? thing_of(&st) : (struct thing){ .ino = 0 };
    if (cm->dest_exists && !cm->overwrite) { /* 10.6 */
        reply_error(r, 412, "There is something at the destination, and Overwrite is F.");
        return false;
    }
    return resource_check_locks(r, r->dest, dest_change(cm));
}

/* What the source has to go through: COPY only reads it. */
static unsigned source_change(const struct copymove *cm)
{
    return cm->is_move ? CHANGE_CONTENT | CHANGE_BINDING | CHANGE_TREE : 0;
}

static bool find_crossing(struct dav_request *r, struct copymove *cm)
{
    struct fs_stat parent;

    int err = fs_stat(r->dav->fs, path_parent(r->pool, r->dest), &parent);
    if (err)
        reply_errno(r, err, ROLE_PARENT);
    else
        cm->crosses = parent.dev != r->st.dev;
    return !err;
}

void copymove_begin(struct dav_request *r)
{
    struct copymove *cm = apr_pcalloc(r->pool, sizeof *cm);

    r->state = cm;
    cm->is_move = strcmp(r->method->name, "MOVE") == 0;
    if (!parse_head(r, cm) || !refuse_relation(r, cm, r->path, r->dest) || !resource_has_parent(r, r->dest) ||
        !resource_check(r, &r->st, source_change(cm)) || !copymove_check_dest(r) ||
        !check_real_relation(r, cm) || !find_crossing(r, cm))
        return;
    r->dest_found = cm->dest_thing;
    if (r->st.type == FS_FILE && (!cm->is_move || cm->crosses))
        resource_has_space(r, r->dest, r->st.size);
}

bool copymove_is_long(const struct dav_request *r)
{
    const struct copymove *cm = r->state;

    if (!cm || (cm->is_move && !cm->crosses))
        return false; /* one rename */
    return r->st.type == FS_DIR || r->st.size > LONG_COPY_BYTES;
}

/* ---- the answer ---- */

void copymove_reply_done(struct dav_request *r)
{
    const struct copymove *cm = r->state;
    struct fs_stat st;

    if (cm->dest_exists)
        (void)locks_drop_tree(r->dav->locks, r->dest, false);
    reply_status(r, cm->dest_exists ? 204 : 201);
    if (!cm->dest_exists) {
        bool is_dir = fs_stat(r->dav->fs, r->dest, &st) == 0 && st.type == FS_DIR;
        reply_location(r, r->dest, is_dir);
    }
    if (cm->has_mtime)
        reply_header(r, "X-OC-Mtime", "accepted");
}
