/*
 * An open directory on the way down a tree, to which the way comes back.
 *
 * Who goes down ten thousand levels cannot hold a descriptor for each. A nest is closed while its owner
 * is far below and opened again when he comes up, by the ".." of the directory that he is about to leave,
 * and reads on where it was. What ".." leads to counts only if it is the very directory that was closed
 * (device and inode): somebody may have moved things meanwhile, and then the way up leads elsewhere.
 *
 * Life. nest_open takes over an open directory, nest_release gives it back; in between nest_park and
 * nest_return any number of times. An all-zero nest is one without a directory and needs no release.
 * One thread at a time.
 */
#ifndef HOLDFAST_NEST_H
#define HOLDFAST_NEST_H

#include "fs/fs.h"

#define NEST_OPEN_MAX 16 /* how many levels, counted from below, their owner should leave open */

struct nest {
    struct fs_dir *dir; /* NULL: there is none, or it is closed for now */
    bool is_parked;
    uint64_t dev, ino; /* of what is parked */
    int64_t pos;
};

void nest_open(struct nest *nest, struct fs_dir *dir);

/* Closes it for now. (Stays open if it cannot be told which one it is.) */
void nest_park(struct nest *nest);

/* Opens it again unless it is open; `below` (NULL: not known) is a directory in it, `path` (NULL: not known)
 * what it is called from the fs root. ENOENT if it is in neither place any more. */
int nest_return(struct nest *nest, struct fs *fs, struct fs_dir *below, const char *path);

void nest_release(struct nest *nest);

#endif
