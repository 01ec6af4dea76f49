/*
 * The backend for a folder on disk.
 *
 * Everything is reached through openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) under the root's
 * descriptor, or through *at calls with a single name under a directory opened that way, so no
 * race with somebody who swaps directories for links leads out. A link whose text is absolute but
 * lies inside the root is rewritten relative to the root and resolved again under the same rule.
 * Inside means: begins with the root's own real path as it was when the root was opened.
 *
 * Devices, sockets and fifos are looked at and never opened. /proc must be mounted.
 */
#ifndef HOLDFAST_POSIX_H
#define HOLDFAST_POSIX_H

#include "fs/fs.h"

/* Opens `dir` as a root. `durable` is fs->durable. ENOENT, ENOTDIR, EACCES as for open;
 * EBUSY if somebody of ours serves it already (flock on the root, ignored where the file system has
 * none); ENOSYS on kernels before 5.6 and without /proc. */
int posix_open(const char *dir, bool durable, struct fs **out);

#endif
