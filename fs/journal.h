/*
 * Which directories may hold a staging or trash name of ours, so that a crash leaves no strays.
 *
 * A name of ours (hidden.h) is never wanted after a restart: before its publication it is unfinished,
 * afterwards it is what the publication replaced (swap.h has the one exception, and tells by the name
 * what must be put back). So nothing needs to be written per operation, only *where* such names may be:
 * journal_enter records a directory, durably, before the first such name is made in it; later operations
 * in the same directory cost nothing. recovery.h looks at the recorded directories after a crash.
 *
 * The record is kept by a store that the layer above provides (the state database).
 *
 * Threads: all functions may be called from any thread; one mutex inside. The store's functions
 * are called under it, one at a time.
 */
#ifndef HOLDFAST_JOURNAL_H
#define HOLDFAST_JOURNAL_H

#include <apr_pools.h>

#include "fs/fs.h"

#define JOURNAL_IDLE_MAX      1024 /* directories remembered that nobody is in */
#define JOURNAL_POSTPONED_MAX 64

struct journal;

/* Each returns 0 or errno; paths are canonical. To add what is there or to remove what is not there
 * is no error. */
struct journal_store {
    void *ctx;
    int (*add)(void *ctx, const char *dir_path);
    int (*remove)(void *ctx, const char *dir_path);
    /* calls each() for every recorded directory, stops at the first error */
    int (*list)(void *ctx, int (*each)(void *each_ctx, const char *dir_path), void *each_ctx);
};

/* Takes over what a process before has recorded. store NULL: nothing outlives the process (tests). */
int journal_open(const struct journal_store *store, struct journal **out);

/* Every recorded directory, sorted, so that each comes before those in it; NULL ends them. */
const char **journal_paths(struct journal *journal, apr_pool_t *pool);

/* A staging name is about to be made in this directory. Pair with journal_leave once the name is
 * gone again. Fails with the store's error: then no name may be made. No journal (NULL): 0. */
int journal_enter(struct journal *journal, const char *dir_path);
void journal_leave(struct journal *journal, const char *dir_path);

/* The same; and if nobody else is in it the directory is forgotten, in the store too. */
void journal_leave_for_good(struct journal *journal, const char *dir_path);

/* A tree is about to be renamed, or just was (tree_move says so at both times): directories within
 * `from` that somebody is in are recorded under their names within `to` too. Who is in one leaves it
 * by the path by which it was entered. An error is the store's: then the tree may not be renamed. */
int journal_moved(struct journal *journal, const char *from, const char *to);

/* A tree has been removed: directories within it that nobody is in are forgotten, in the store too.
 * (Elsewhere the ones left longest ago are, when there are more than JOURNAL_IDLE_MAX.) */
void journal_forget(struct journal *journal, const char *path);

/* Instead of journal_leave: the hidden name at `path` could not be removed since others still make names
 * in it. Its directory stays entered, and a few such paths are kept to be tried again; more of them are
 * left for recovery. journal_take_postponed gives all away, each to be freed. See purge.h. */
void journal_postpone(struct journal *journal, const char *path);
size_t journal_take_postponed(struct journal *journal, char *out[JOURNAL_POSTPONED_MAX]);

/* Forgets, in the store too, every directory that nobody is in; the rest stays for recovery. */
void journal_close(struct journal *journal);

#endif
