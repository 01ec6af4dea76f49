/*
 * The folders that are served, each below its prefix, and what lies above them.
 *
 * A share is a folder with a state of its own: locks, jobs and the journal of one have nothing to do with another's.
 * Prefixes do not lie within one another (settings.c sees to that), so a URL is in one share at most. If no share
 * takes up all URLs, the others are answered by the lobby (fs/lobby.h), in which nothing can be changed.
 *
 * Life: shares_open opens them in order, or none; shares_close when no request is left. The leftovers of a crash are
 * removed from shares_start_leftovers on; shares_stop_leftovers and shares_join_leftovers before the end.
 * Threads: the main one; shares_find and shares_pool any. Errors: errno.
 */
#ifndef HOLDFAST_SHARES_H
#define HOLDFAST_SHARES_H

#include <apr_pools.h>

#include "src/leftovers.h"
#include "src/options.h"
#include "webdav/dav.h"

struct crew;

struct share {
    const struct share_options *options; /* of the start */
    const char *root;                    /* real path */
    struct fs *fs;
    struct dav *dav;
    struct leftovers *leftovers; /* being removed; NULL: none */
};

struct shares {
    struct crew *crew; /* who helps with large trees in all of them */
    unsigned count;
    struct share list[OPTIONS_MAX_SHARES];
    struct share lobby; /* dav NULL: there is none */
};

/* After layout_check. On failure *out_message is one line for the operator. The options must stay. */
int shares_open(apr_pool_t *pool, const struct options *options, struct shares **out,
                const char **out_message);
void shares_close(struct shares *shares);

/* For requests from now on; of the same shares in the same order. Options and pool must stay. */
void shares_set_options(struct shares *shares, apr_pool_t *pool, const struct options *options);

/* Who answers for a target, as it is on the request line. The pool is for the search alone. */
struct dav *shares_find(const struct shares *shares, apr_pool_t *pool, const char *target);

/* The pool of a request of which it is not known yet whose it will be. */
apr_pool_t *shares_pool(const struct shares *shares);

/* "http://host:80/" and a share -> "http://host:80/projects/" */
const char *shares_url(apr_pool_t *pool, const char *url, const struct share *share);

void shares_start_leftovers(struct shares *shares);
void shares_stop_leftovers(struct shares *shares);

/* False: some have not ended in this time, and still use their share. */
bool shares_join_leftovers(struct shares *shares, unsigned wait_s);

#endif
