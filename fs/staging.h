/*
 * The only way in which something appears under a name that clients can see.
 *
 * Life of a staged file:
 *   staging_open        an unnamed file (or one with a hidden name) in the target's directory
 *   staging_write ...   need not be checked: the first error is remembered
 *   staging_finish      content complete: dead properties, mode, time; synced if durable
 *   staging_commit      the short part, under the caller's guard: one link or rename
 *   staging_free        always; abandons what was not committed, removes what was replaced
 * A staged tree begins with staging_open_tree, is filled by tree_copy under staging_dir and
 * staging_name, and goes on with staging_finish. After staging_free of an uncommitted one nothing
 * is left on disk. A commit that failed may be tried again.
 *
 * What was replaced by a tree, or by a file where a tree was, lies under the hidden name after the
 * commit and is removed by staging_free (with all its members: call it after the answer).
 *
 * One thread at a time; owned by the request. Memory: its own.
 */
#ifndef HOLDFAST_STAGING_H
#define HOLDFAST_STAGING_H

#include "fs/fs.h"

struct staging;

/* `path` is what will be published; its parent must exist (ENOENT, ENOTDIR); the root is EISDIR. A
 * link at `path` that stays inside is followed when the file is published over what it points to: the
 * caller passes the real path then. */
int staging_open(struct fs *fs, const char *path, struct staging **out);
int staging_open_tree(struct fs *fs, const char *path, struct staging **out);

/* The first error sticks; later writes do nothing and return it. Small pieces are written together, so an error may
 * come with a later one, or with staging_finish. */
int staging_write(struct staging *staging, const void *data, size_t len);

/* Appends the content of a file (fs_file_copy). Errors stick too. */
int staging_copy(struct staging *staging, int fd, uint64_t size, struct progress *progress);

/* Bytes given so far. */
uint64_t staging_size(const struct staging *staging);

/* The target's directory; where a staged tree is built, and the hidden name there. */
struct fs_dir *staging_dir(const struct staging *staging);
const char *staging_name(const struct staging *staging);

/* Content is complete. Files: applies `meta` and the dead properties (attr may be NULL), then syncs
 * if the fs is durable. Trees: syncs the file system. Returns the first error of all so far. */
int staging_finish(struct staging *staging, const struct fs_meta *meta, const void *attr, size_t attr_len);

/* What it is so far: size, times. */
int staging_stat(struct staging *staging, struct fs_stat *out);

/* The dead properties alone, before staging_finish or once more after it (they are read from the replaced
 * file under the guard); len 0 removes them. Not synced: staging_finish, called again without anything, does
 * that. A failure is the caller's to judge: it does not stick. */
int staging_set_attr(struct staging *staging, const void *attr, size_t attr_len);

/* staging_commit calls `note` right before it publishes, with the stat of what is about to be published, so
 * that somebody can tell after a crash whether that was done. An error is the commit's, and nothing is
 * published. Called again if the commit is tried again. */
typedef int staging_note_fn(void *ctx, const struct fs_stat *st);
void staging_set_note(struct staging *staging, staging_note_fn *note, void *ctx);

/* Publishes. replace false: EEXIST if the name is taken, decided by the kernel. replace true:
 * whatever is there is replaced, file or tree, in one step. The parent is resolved again: ENOENT
 * if it is no longer the directory in which we staged (it was moved, replaced or removed). *out is
 * the new resource, for its ETag. If the sync of the directory fails after the rename, the error is
 * returned and the thing is published: the caller must not say 2xx. */
int staging_commit(struct staging *staging, bool replace, struct fs_stat *out);

void staging_free(struct staging *staging);

/* The same for what may be a large tree: counts what it removes and stops when told. The rest is left
 * for recovery then. What nobody could remove while we were in it goes with it (purge.h). */
void staging_purge(struct staging *staging, struct progress *progress);

#endif
