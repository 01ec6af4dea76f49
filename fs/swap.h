/*
 * Putting one thing in the place of another so that either is old or new, whenever we die.
 *
 * Where the file system can exchange two names that is one call for a staged thing. Two cases need
 * more: a MOVE (after a bare exchange the old destination would stand under the source's name) and
 * file systems without an exchange. Both put one of the two aside first: into a hidden directory,
 * under its own name, so that recovery knows what it was called. The directory's name carries the
 * inode number of what was put aside: as long as that very thing is in it and its place is free,
 * recovery puts it back; otherwise the swap was complete and all in it is rubbish.
 *
 * Journal: on success the caller holds one journal_enter for the directory in which the old thing
 * now lies hidden; on failure what could not be undone stays entered, for recovery.
 *
 * Errors: those of rename, EXDEV among them. Under the caller's guard. Not synced.
 */
#ifndef HOLDFAST_SWAP_H
#define HOLDFAST_SWAP_H

#include "fs/fs.h"
#include "fs/hidden.h"

/* A directory and how it is called from the fs root. */
struct swap_place {
    struct fs_dir *dir;
    const char *path;
};

/* Puts what is staged under `hidden` (for which the caller has entered the journal already) in the
 * place of `name`, in the same directory. What was there is then under `hidden`, which may change. */
int swap_staged(struct swap_place in, char hidden[HIDDEN_SIZE], const char *name);

/* Puts `from` in the place of `to`. What was there is then in one of the two directories, under the
 * hidden name `out_old`; *out_in_from tells in which. */
int swap_move(struct swap_place from_in, const char *from, struct swap_place to_in, const char *to,
              char out_old[HIDDEN_SIZE], bool *out_in_from);

/* Recovery: puts back what the hidden directory `name` holds, if that is to be put back. After 0 the
 * rest of it may be purged; after an error it must not. Other hidden names: 0. */
int swap_recover(struct fs_dir *dir, const char *name);

#endif
