/*
 * What copying and removing share: one operation on a tree, and the bundles of names that it gives away.
 *
 * An operation is worked on by its caller and by helpers (crew.h). Each of them walks a part of the tree
 * of its own, or goes through a bundle: so many names of one directory. A directory is worked on by one
 * thread as long as there is other work: file systems keep the names of a directory together, and two
 * threads that make or remove names in one directory stand in each other's way.
 *
 * Parts are given away as they are met, and only if somebody is there to take them:
 *   - a subdirectory, put aside for the next one who is free. Never the first member of a directory: in a
 *     tree that is one long chain nothing would be gained, and each link of it handed over;
 *   - a bundle, while somebody is idle: so one directory of a million files, or the last one of a
 *     tree, keeps everybody busy;
 *   - a single large file, by the copy.
 *
 * Errors. The first error that makes the rest senseless is kept in `error` and ends everybody's part;
 * others are told to the report, one at a time.
 */
#ifndef HOLDFAST_TREE_INTERNAL_H
#define HOLDFAST_TREE_INTERNAL_H

#include "fs/crew.h"
#include "fs/tree.h"
#include "fs/walk.h"

#define TREE_SPLIT_DEPTH 64 /* deeper down no walk is split: that costs as much as it is deep */

struct tree_op {
    const struct tree_report *report;
    struct crew_party party;
    pthread_mutex_t mutex; /* one thing is told at a time */
    atomic_int error;      /* ends the operation; 0: it goes on */
    atomic_int failed;     /* the first of the others */
};

void tree_op_init(struct tree_op *op, struct fs *fs, const struct tree_report *report);

/* Waits for everybody. */
void tree_op_release(struct tree_op *op);

/* ECANCELED if it is to stop, or what has ended it. */
int tree_op_error(const struct tree_op *op);

/* Does this make it senseless to go on with the other members? */
bool tree_is_fatal(int error);

/* Ends the operation; the first error counts. */
void tree_op_end(struct tree_op *op, int error);

/* A member could not be dealt with; relpath is `dir_path`/`name` (either may be ""). */
void tree_op_failed(struct tree_op *op, const char *dir_path, const char *name, int error);

/* Dead properties of a member that the destination does not take, with its error for that. */
int tree_op_keep_attr(struct tree_op *op, const char *dir_path, size_t dir_path_len, const char *name,
                      const void *attr, size_t len, int error);

#define BUNDLE_NAMES 32
#define BUNDLE_BYTES 2048 /* of names, each with its NUL */

struct bundle {
    struct crew_task task;
    struct tree_op *op;
    struct fs_dir *dir; /* that has the names; kept */
    struct fs_dir *to;  /* a copy's; kept; else NULL */
    void *place;        /* likewise */
    unsigned count;
    size_t len;
    char names[BUNDLE_BYTES];
    char dir_path[]; /* relative to the root of the operation */
};

/* NULL if there is no memory: then nothing is given away. */
struct bundle *bundle_new(struct tree_op *op, void (*run)(struct crew_task *task), struct fs_dir *dir,
                          const char *dir_path, size_t dir_path_len);

/* For a name of up to FS_NAME_MAX bytes; then the bundle may be full. */
void bundle_add(struct bundle *bundle, const char *name);
bool bundle_is_full(const struct bundle *bundle);

/* The name after `name` (NULL: the first one); NULL at the end. */
const char *bundle_next(const struct bundle *bundle, const char *name);

/* Before the walk goes elsewhere: to somebody of the party who is idle, else it is dealt with here. *bundle may be NULL,
 * and is afterwards. */
void bundle_send(struct bundle **bundle, struct crew_party *party);

void bundle_free(struct bundle *bundle);

/* How much of a member's path is its directory's. */
size_t tree_dir_len(const char *path, const char *name);

#endif
