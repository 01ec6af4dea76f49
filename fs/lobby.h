/*
 * A tree that exists nowhere: empty directories, and nothing can be made, changed or removed.
 *
 * It stands above several served folders, so that who comes to a collection above them finds where they are. What
 * is at its ends belongs to others, and is an empty directory here.
 *
 * Life: lobby_open, fs_close. Threads: any; nothing in it ever changes. All writing operations are EROFS, and there is
 * no file to be opened. Its times are those of lobby_open.
 */
#ifndef HOLDFAST_LOBBY_H
#define HOLDFAST_LOBBY_H

#include "fs/fs.h"

/* The directories at these canonical paths and all above them; the strings are copied. ENOMEM. */
int lobby_open(const char *const *paths, size_t count, struct fs **out);

#endif
