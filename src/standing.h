/*
 * From the rights that the process was started with to those that it needs for serving.
 *
 * In this order: the user (--user), nothing that could win rights back, secrets out of cores, and the confinement
 * (--confine) to the files that the options name.
 *
 * Life: standing_settle once, after front_open and before any thread is made and any share is opened; standing_tell once
 * it serves. Threads: the main one. Errors: errno, and one line for the operator; that the kernel has no confinement to
 * offer is none.
 */
#ifndef HOLDFAST_STANDING_H
#define HOLDFAST_STANDING_H

#include <apr_pools.h>
#include <stdbool.h>

#include "src/options.h"

struct standing {
    bool lacks_landlock, lacks_seccomp; /* though it was to be confined */
};

int standing_settle(apr_pool_t *pool, const struct options *options, struct standing *out,
                    const char **out_message);

/* What the operator might have expected otherwise, in the log: what is lacking, and that it is still root. */
void standing_tell(const struct standing *standing, const struct options *options);

#endif
