/*
 * Removing what a crash left behind, on a thread of its own, beside all that is served.
 *
 * A thread and not a job: it may last for hours, and would keep a worker from those who wait. It runs at the
 * lowest priority, and is helped as all that works on trees (fs/crew.h). Life: leftovers_start once the server
 * listens, leftovers_stop and leftovers_join before the dav is closed; what is left then is the next start's.
 */
#ifndef HOLDFAST_LEFTOVERS_H
#define HOLDFAST_LEFTOVERS_H

#include "webdav/dav.h"

struct leftovers;

/* `root` is where, for the log. NULL: no thread is to be had. */
struct leftovers *leftovers_start(struct dav *dav, const char *root);

/* Afterwards it ends within a moment, unless the disk does not answer. NULL is accepted. */
void leftovers_stop(struct leftovers *leftovers);

/* Awaits that for so long, and frees; after leftovers_stop. False: it has not ended, and still uses the dav. */
bool leftovers_join(struct leftovers *leftovers, unsigned wait_s);

#endif
