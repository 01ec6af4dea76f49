/*
 * Dead properties for which the file system has no room: it keeps no attributes, or not so large ones. They
 * are in the state database then, by path, and follow their resource wherever it goes.
 *
 * A resource's dead properties are either all in its attribute or all here; should a crash have left some in
 * both, the attribute counts (deadprops.c sees to the order). What is here under a path where nothing is, or
 * something that came behind our back, means nothing: whoever makes a resource drops it (propstore_drop).
 *
 * A rename moves the rows of a whole tree. The file system and the database cannot be changed in one step,
 * so the rename is noted before it, the rows follow after it in one transaction, and the next start does what
 * a crash has left undone. Meanwhile nobody can load any, so nobody sees a resource without what is its own.
 *
 * Most folders never need any of this: then each function returns after one look at an atomic.
 *
 * Paths are canonical, in the caller's spelling; links in them are resolved here. What is staged has no path
 * yet: its rows are under a name of propstore_name, which begins with "/" and so is no path.
 *
 * Threads: any but between propstore_shift and propstore_shifted, which belong together, on one thread under
 * its guard. Errors: errno; of the database, and those of looking at a path.
 */
#ifndef HOLDFAST_PROPSTORE_H
#define HOLDFAST_PROPSTORE_H

#include <apr_pools.h>

#include "webdav/state.h"

struct dead_prop;
struct propstore;

/* Before anything else: finishes what a crash interrupted, once the folder itself has been put right. */
int propstore_open(struct state *state, struct fs *fs, struct propstore **out);
void propstore_close(struct propstore *store);

/* False: there is nothing in it, and has not been since the start. NULL: none is. */
bool propstore_is_used(const struct propstore *store);

/* ---- one resource ---- */

/* An empty list if there are none. */
int propstore_load(struct propstore *store, const char *path, apr_pool_t *pool, struct dead_prop **out);

/* Instead of what is here; an empty list removes. Also for what is staged, under its name. */
int propstore_save(struct propstore *store, const char *path, const struct dead_prop *list);

/* ---- trees ---- */

/* Nothing of ours is at the path yet: neither can there be properties of it, or below it. */
int propstore_drop(struct propstore *store, const char *path);

/* A name for what is staged; its members are below it. To be shifted, or dropped if it is given up. */
const char *propstore_name(struct propstore *store, apr_pool_t *pool);

/* A copy of `from` that is called `to` has its rows, with `deep` its members' too. */
int propstore_copy(struct propstore *store, const char *from, bool deep, apr_pool_t *pool, const char *to);

/* Of a staged tree those members lose their rows that `keeps` does not want; `relpath` is from its root, which is not asked
 * about. */
int propstore_prune(struct propstore *store, const char *staged,
                    bool (*keeps)(void *ctx, const char *relpath), void *ctx);

/* A rename. `is_on` false: it concerns no row. */
struct propstore_shift {
    bool is_on;
    struct state_shift rows;
};

/* What is at `from` (or staged: then it will be `made`) is about to be at `to`, in place of what is there;
 * NULL: to be gone. After an error nothing may be renamed. */
int propstore_shift(struct propstore *store, apr_pool_t *pool, const char *from, const char *to,
                    struct thing made, struct propstore_shift *out);

/* Always, after propstore_shift had no error; `rename_error` is that of the rename, which may have been done all
 * the same (a sync that failed). An error means that the rows are where they were; the next start moves them. */
int propstore_shifted(struct propstore *store, const struct propstore_shift *shift, int rename_error);

#endif
