/*
 * The rules about who may do what (webdav/access.h), from the options --access, --home-folders and --groups.
 *
 * The file of groups has lines "GROUP: USER USER ...", as Apache's; a group may have several of them, and # begins a comment.
 *
 * Threads: the main one. Errors: errno, and one line for the operator in the pool.
 */
#ifndef HOLDFAST_RULES_H
#define HOLDFAST_RULES_H

#include <apr_pools.h>

#include "src/options.h"
#include "src/shares.h"

/* Reads the rules of all shares and puts them in force, and in the collection above them, where a share is there for who
 * may read anything in it. On an error nothing has changed. */
int rules_apply(apr_pool_t *pool, const struct options *o, const struct shares *shares,
                const char **out_message);

/* Only reads them. */
int rules_check(apr_pool_t *pool, const struct options *o, const char **out_message);

/* Are there any? */
bool rules_exist(const struct options *o);

#endif
