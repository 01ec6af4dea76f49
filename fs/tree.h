/*
 * Copying and removing trees, on top of walk.h, over any backend.
 *
 * Both are done by the caller and by the helpers of fs->crew, if there is one and they are free
 * (tree_internal.h tells how the work is shared out); when a call returns nobody is at work for it any more.
 * Both count into `progress` and stop with ECANCELED soon after its flag is set. Failures of single
 * members are told to `failed` one by one, in whatever thread but never by two at once, and the rest goes
 * on (RFC 4918 9.8.5); what makes the whole senseless (ENOSPC, EDQUOT, EIO on the destination, EROFS, ENOMEM,
 * EMFILE, ENFILE, ECANCELED) ends it and is returned. Memory is bounded by the depth and the number of
 * helpers; directories open at the same time by the number of helpers alone, some 40 for each and the caller.
 */
#ifndef HOLDFAST_TREE_H
#define HOLDFAST_TREE_H

#include "fs/fs.h"

/* A member could not be dealt with; `relpath` is from the root of the operation, "" the root. */
typedef void tree_failed_fn(void *ctx, const char *relpath, int error);

/* The destination's file system has no room for the dead properties of a member that is being copied (ENOTSUP, E2BIG,
 * ENOSPC): somebody else may keep them. An error is the member's. */
typedef int tree_attr_fn(void *ctx, const char *relpath, const void *attr, size_t len);

struct tree_report {
    tree_failed_fn *failed;  /* NULL: nobody wants to know */
    tree_attr_fn *keep_attr; /* likewise one at a time; NULL: they are dropped */
    void *ctx;
    const struct walk_filter *filter; /* of a copy: what of the source is there (walk.h); NULL: everything */
    struct progress *progress;
};

/* Copies what `src` names (links followed, inside only) to a new entry `name` of `to`. Content, mode
 * and dead properties are kept, modification times of files too; creation times are new, and files
 * lose set-user-id and set-group-id. Dead properties that the destination cannot hold are given to
 * keep_attr. Hidden names are not copied; special files are reported as EACCES, link
 * circles as ELOOP, links that dangle or lead out are not there. `deep` false: a collection without
 * its members (Depth: 0). If the root itself cannot be read its errno is returned. What was made
 * before an error stays, for the caller to remove (staging_free does). */
int tree_copy(struct fs *fs, const char *src, struct fs_dir *to, const char *name, bool deep,
              const struct tree_report *report);

/* Removes an entry with everything in it, hidden names included, links as links; `path` is what it is
 * called from the fs root. Directories that deny us their owner's rights are given them first. Names
 * that others make in it meanwhile are removed as well, unless they keep coming (ENOTEMPTY). Returns 0
 * if nothing is left, else the first error after having removed what can be removed; ENOENT if there
 * was nothing. What is left may not be where it was: a directory that a helper takes is brought up to the
 * root under a hidden name, so this is for trees that nobody will look at again. */
int tree_remove(struct fs_dir *dir, const char *name, const char *path, const struct tree_report *report);

/* DELETE: makes the resource vanish in one step. A file or link is unlinked, a collection renamed to
 * a hidden sibling, then the directory is synced if durable. If *out_trash is not NULL afterwards,
 * trash_purge must follow (after the answer), also when that sync failed: the resource is gone
 * then, but not surely on disk. The root: EBUSY. Under the caller's guard. */
struct trash;
int tree_trash(struct fs *fs, const char *path, struct trash **out_trash);

/* MOVE over an existing destination, or to a free one; a link is moved as it is. One rename; where
 * file and directory or two directories meet: an exchange (swap.h), and what was replaced goes to
 * trash, as for tree_trash. EXDEV across file systems: the caller copies, publishes and trashes
 * instead. EEXIST if !replace and taken; EINVAL if one is within the other. Under the caller's guard. */
int tree_move(struct fs *fs, const char *from, const char *to, bool replace, struct trash **out_trash);

/* Removes what was put aside and frees the handle; NULL is fine. A stop leaves the rest for recovery; a
 * tree in which somebody still makes names (a COPY into it) is tried again later (purge.h). */
void trash_purge(struct trash *trash, struct progress *progress);

#endif
