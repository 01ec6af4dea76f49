/*
 * Which directories may hold a staging or trash name of ours, so that a crash leaves no strays.
 *
 * A name that begins with ".holdfast-" (path.h) is never wanted after a restart: before its
 * publication it is unfinished, afterwards it is what the publication replaced (swap.h has the one
 * exception, and tells by the name what must be put back). So nothing needs to be written per
 * operation, only *where* such names may be: journal_enter records a directory, durably, before the
 * first such name is made in it; later operations in the same directory cost nothing. Recovery purges
 * those names from the recorded directories, then forgets them. It is idempotent: killed in the
 * middle, it begins again.
 *
 * The record is kept by a store that the layer above provides (the state database).
 *
 * Threads: all functions may be called from any thread; one mutex inside. The store's functions
 * are called under it, one at a time.
 */
#ifndef HOLDFAST_JOURNAL_H
#define HOLDFAST_JOURNAL_H

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

/* store NULL: nothing outlives the process (tests). */
int journal_open(const struct journal_store *store, struct journal **out);

/* Purges staging and trash names from every recorded directory and forgets these. A directory
 * that is gone is forgotten; one that cannot be purged now stays recorded, the rest goes on, and the
 * first error is returned. *out_purged counts the names removed, in any case. Call before the first
 * journal_enter. */
int journal_recover(struct journal *journal, struct fs *fs, unsigned *out_purged);

/* A staging name is about to be made in this directory. Pair with journal_leave once the name is
 * gone again. Fails with the store's error: then no name may be made. No journal (NULL): 0. */
int journal_enter(struct journal *journal, const char *dir_path);
void journal_leave(struct journal *journal, const char *dir_path);

/* A tree is about to be renamed, or just was (tree_move says so at both times): directories within
 * `from` that somebody is in are recorded under their names within `to` too. Who is in one leaves it
 * by the path by which it was entered. */
void journal_moved(struct journal *journal, const char *from, const char *to);

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
