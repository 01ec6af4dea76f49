/*
 * Which thing a path leads to, told so that it is known again after the process, or the machine, has died:
 * inode number and time of birth. (Device numbers may be others after a restart; an inode number that is
 * given once more has a later birth. Where the file system keeps no births a folder's changes with its
 * content: then it is not known again, and nothing is done to it.)
 *
 * Values; any thread.
 */
#ifndef HOLDFAST_THING_H
#define HOLDFAST_THING_H

#include "fs/fs.h"

struct thing {
    uint64_t ino; /* 0: nothing */
    int64_t birth_ns;
};

static inline struct thing thing_of(const struct fs_stat *st)
{
    return (struct thing){ .ino = st->ino, .birth_ns = st->btime_ns };
}

/* Both may be nothing. */
static inline bool thing_is(struct thing a, struct thing b)
{
    return a.ino == b.ino && a.birth_ns == b.birth_ns;
}

/* What is at the path, links followed; nothing there is no error. */
int thing_at(struct fs *fs, const char *path, struct thing *out);

#endif
