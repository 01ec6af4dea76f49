/*
 * Removing a hidden name, and with it its mark in the journal.
 *
 * What fails stays recorded, for recovery. One case need not wait for that: somebody is still at work
 * in the tree (a COPY into a folder that was deleted under it) and makes names as fast as they are
 * removed. Such a name is put on the journal's list, and whoever ends a tree operation tries that list
 * again (purge_postponed): the last one out removes the rest. A stop leaves the list to recovery too.
 *
 * Any thread; both may take as long as the trees are large.
 */
#ifndef HOLDFAST_PURGE_H
#define HOLDFAST_PURGE_H

#include "fs/fs.h"

/* `name` in `dir`, which is called `dir_path` and has been entered in the journal for it. */
void purge_name(struct fs_dir *dir, const char *dir_path, const char *name, struct progress *progress);

void purge_postponed(struct fs *fs, struct progress *progress);

#endif
