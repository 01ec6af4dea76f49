/*
 * What the rules (access.h) mean for a request: which paths it may look at and change, and what it is told if it may not.
 *
 * A path has the right of its name, and where links lead from it that of the place too: the lesser one counts. Who
 * may not read is told nothing, in the same words whether there is something or not, and before anything is looked
 * at: 404; 401 for who gave no name and could. Who may read but not change gets 403 with need-privileges (RFC 3744
 * 7.1.1). A change that makes or takes away a name needs the right to write in the collection too, and one of a tree the
 * right to write everywhere in it. Only rules are asked for that, never the disk. So a lock that is in somebody's way may
 * always be named to them: it is on what they change, below it, or above it, where their way leads.
 *
 * Functions that check answer the request and return false. Without rules all of them cost one comparison.
 * Threads: as the request; a filter may be asked by any number at once.
 */
#ifndef HOLDFAST_RIGHTS_H
#define HOLDFAST_RIGHTS_H

#include "fs/walk.h"
#include "webdav/access.h"
#include "webdav/request.h"

struct dav_method;

/* What `user` may do, as of now; NULL: everything. */
const struct access_view *rights_view(struct dav *dav, apr_pool_t *pool, const char *user);

/* ---- dav_begin, in this order ---- */

/* By the name alone. Before all else that the share has to say: where shares are secret, what is none must not look different
 * by its limits. */
bool rights_check_name(struct dav_request *r);

/* A folder of one's own is made by the first request that touches it. Always true. */
bool rights_make_home(struct dav_request *r);

/* By where the name leads; sets r->right. */
bool rights_check_place(struct dav_request *r);

/* By what is there. */
bool rights_check_found(struct dav_request *r);

/* ---- later ---- */

/* Do the rules allow the method on what dav_begin has found? */
bool rights_allow(const struct dav_request *r, const struct dav_method *method);

/* May anything be changed at the path or below? */
bool rights_allow_some(const struct dav_request *r);

/* Everything at and below the request's path is to be changed. */
bool rights_check_tree(struct dav_request *r);

/* The Destination: as asked for, by its name alone; then r->dest. */
bool rights_check_dest_name(struct dav_request *r, const char *path);
bool rights_check_dest(struct dav_request *r, const char *asked);

/* When the operation begins, which may be long after it was accepted: if there are new rules they count. */
bool rights_check_again(struct dav_request *r);

/* May the path be named to whoever asks? */
bool rights_may_name(const struct dav_request *r, const char *path);

/* Is something at or below the request's path not to be read? */
bool rights_hide_some(const struct dav_request *r);

enum access_right rights_at(struct fs *fs, const struct access_view *view, const char *path);

/* What was opened by a path whose right was asked for before: may it be read? Names may have been exchanged in between. The
 * directory, or if that is NULL the file `fd`. */
bool rights_hold(struct fs *fs, const struct access_view *view, struct fs_dir *dir, int fd);

/* Of the members of a tree those that may be read. */
struct rights_filter {
    struct walk_filter walk; /* first: what `shows` gets */
    struct fs *fs;
    const struct access_view *view;
    bool is_linked; /* links lead to the tree itself */
};

/* For the tree at `path`; what walk_set_filter wants, NULL if all may be read. Fs and view outlive it. */
const struct walk_filter *rights_filter_init(struct rights_filter *filter, struct fs *fs,
                                             const struct access_view *view, const char *path);

#endif
