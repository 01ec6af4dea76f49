/*
 * What a process that was killed left in the folder: hidden names, in directories that its journal has.
 *
 * Life
 *   recovery_begin   before anybody is served: puts back what swap.c had put aside, and notes every other
 *                    hidden name there is now
 *   recovery_purge   removes what was noted, beside the service; may take as long as the trees are large
 *   recovery_free    at any time; what was not removed is left for the next start
 * Names made after recovery_begin are not touched. Until a name is removed its directory stays entered in
 * the journal, so a stop, a crash, or a MOVE of a folder above it leaves it to the next start. All of it is
 * idempotent: killed in the middle, it begins again.
 *
 * Threads: one at a time. Memory: its own. Errors: the first one met; the rest goes on.
 */
#ifndef HOLDFAST_RECOVERY_H
#define HOLDFAST_RECOVERY_H

#include "fs/fs.h"

struct recovery;

/* On fs->journal. *out is made in any case, but for ENOMEM. An error: what lies in some directory is not
 * put back or not known, and that directory stays recorded; no reason not to start, since nothing is lost. */
int recovery_begin(struct fs *fs, struct recovery **out);

/* Hidden names that are still to be removed. */
unsigned recovery_left(const struct recovery *recovery);

/* ECANCELED once `progress` was stopped. */
int recovery_purge(struct recovery *recovery, struct progress *progress);

void recovery_free(struct recovery *recovery);

#endif
