/*
 * Where served folders and their states lie: no folder within another, no state within a folder that is served.
 *
 * Two servers of one folder would not know of each other's locks, and clients must not reach the state. Looks only;
 * what is not there yet is no error. Threads: any. Errors: EINVAL, or errno of a folder that cannot be looked at; and
 * one line for the operator, in the pool.
 */
#ifndef HOLDFAST_LAYOUT_H
#define HOLDFAST_LAYOUT_H

#include <apr_pools.h>

#include "src/options.h"

/* Links are followed as far as they lead. */
int layout_check(apr_pool_t *pool, const struct options *o, const char **out_message);

/* "cannot serve DIR: …" */
const char *layout_root_message(apr_pool_t *pool, const char *root, int error);

/* The state folder of a share, whose root's real path is `root`. If --state was not given: $STATE_DIRECTORY, for the
 * shares of a configuration file a folder of their name in it; else a folder per served folder below
 * $XDG_STATE_HOME/holdfast, ~/.local/state/holdfast or /var/lib/holdfast. */
const char *layout_state(apr_pool_t *pool, const struct share_options *share, const char *root);

#endif
