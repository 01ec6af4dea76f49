/*
 * Changes one user's line of a users file, and leaves everything else as it is, to the byte.
 *
 * The new file is written beside the old one, with its owner and mode, synced, and renamed over it: a server that reads
 * it meanwhile sees one or the other, also after a crash. The folder is locked meanwhile (flock), so that two changes
 * come one after the other. Of a symbolic link it is the file that changes.
 *
 * Errors: errno; ENOENT: there is no such user to delete. Threads: any.
 */
#ifndef HOLDFAST_USERLINES_H
#define HOLDFAST_USERLINES_H

/* `line` without its end stands where the user's first line was, or last; other lines of the user go. NULL: all of
 * them go. A file that is not there is made, for its owner alone. */
int userlines_set(const char *file, const char *user, const char *line);

#endif
