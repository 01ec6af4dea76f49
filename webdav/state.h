/*
 * What must survive a restart beside the files: locks, the journal of directories in which names of ours
 * may lie, MOVEs that are half done, requests to which an answer was promised, and dead properties for which
 * the file system has no room. One SQLite database, reached through apr_dbd; the only user of apr_dbd.
 *
 * Small keyed statements only (apr_dbd reads whole results into memory). Values are written at once;
 * nothing is cached here. A database that is damaged or has a newer schema is an error at opening
 * with a message of one line, never repaired or deleted.
 *
 * Threads: any; one connection behind one mutex. Errors: errno (EIO for what the driver reports).
 */
#ifndef HOLDFAST_STATE_H
#define HOLDFAST_STATE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

#include "fs/journal.h"
#include "webdav/thing.h"

struct state;

/* Makes the folder (0700) and the database if missing. NULL: in memory. sync: fsync each commit. */
int state_open(apr_pool_t *pool, const char *dir, bool sync, struct state **out, const char **out_message);
void state_close(struct state *state);

/* Can it be written to? Takes the database for a moment, and writes only if the last change could not be written. */
int state_check(struct state *state);

struct state_lock {
    const char *token, *root, *user, *owner; /* owner: markup, "" if none */
    bool exclusive, deep;
    int64_t expires_ns; /* since 1970; INT64_MAX = never */
    int64_t timeout_s;  /* as granted; INT64_MAX = infinite */
};

int state_lock_put(struct state *state, const struct state_lock *lock); /* insert or replace by token */
int state_lock_list(struct state *state, void (*each)(void *ctx, const struct state_lock *lock), void *ctx);

/* In one transaction. */
int state_lock_remove(struct state *state, const char *const *tokens, size_t count);

/* A MOVE across file systems that is about to publish its copy, or has done so, and to remove the source. */
struct state_move {
    const char *dest, *source; /* one per dest */
    struct thing source_thing, made;
    int64_t since_ns; /* what is in the source is as old as this, or was not copied */
};

int state_move_put(struct state *state, const struct state_move *move);
int state_move_remove(struct state *state, const char *dest);
int state_move_list(struct state *state, void (*each)(void *ctx, const struct state_move *move), void *ctx);

/* A request that was accepted with a 202, and its result (accepted.h). */
struct state_job {
    const char *id;
    const char *user, *client, *method, *target;
    const char *headers; /* those that count: lines "Name: value\n" */
    bool tls;
    const char *key, *idempotency_key;   /* NULL: none */
    const char *path, *dest;             /* dest NULL: none */
    struct thing path_thing, dest_thing; /* what was there when it began */
    struct thing made;                   /* what it was about to publish; nothing: not yet */
    int64_t started_ms, ended_ms;        /* Unix time; 0: not yet */
    bool is_cancelled;                   /* before it ended */
    int status;                          /* of the result, like all below */
    const char *reply_headers;           /* lines */
    const char *reply;                   /* the body */
};

int state_job_put(struct state *state, const struct state_job *job); /* all but the result */
int state_job_made(struct state *state, const char *id, struct thing thing);
int state_job_end(struct state *state, const struct state_job *job); /* the result of this id */
int state_job_cancel(struct state *state, const char *id);           /* is_cancelled, unless it has ended */
int state_job_remove_all(struct state *state, const char *const *ids, size_t count);
int state_job_list(struct state *state, void (*each)(void *ctx, const struct state_job *job), void *ctx);

/* ---- dead properties by path (propstore.h) ---- */

struct state_prop {
    const char *ns, *name, *markup;
};

/* Of one resource; in no order. */
int state_prop_list(struct state *state, const char *path,
                    void (*each)(void *ctx, const struct state_prop *prop), void *ctx);

/* Instead of what the resource has. */
int state_prop_put(struct state *state, const char *path, const struct state_prop *props, size_t count);

/* Has anything in the tree any? NULL: anything at all. */
int state_prop_exist(struct state *state, const char *tree, bool *out);

/* Those of a resource, and if `deep` of what is below it, for another path as well. */
int state_prop_copy(struct state *state, const char *from, bool deep, const char *to);

int state_prop_drop(struct state *state, const char *tree);

/* Appends to *out (const char *, in its pool) the paths strictly below the tree that have any: the next 500 in order, behind
 * the path `after` (NULL: from the first). */
int state_prop_paths(struct state *state, const char *tree, const char *after, apr_array_header_t *out);

/* Of the tree at `source`, which is about to be at `dest` ("": nowhere), by way of a rename. */
struct state_shift {
    const char *source, *dest;
    struct thing made; /* of a copy: what will be at dest */
};

/* Notes it. */
int state_shift_put(struct state *state, const struct state_shift *shift);

/* It was done: what was at dest is dropped, and what was at source is at dest. Or it was not. The note goes. */
int state_shift_end(struct state *state, const struct state_shift *shift, bool is_done);
int state_shift_list(struct state *state, void (*each)(void *ctx, const struct state_shift *shift),
                     void *ctx);

/* For journal_open; valid as long as the state. */
struct journal_store state_journal_store(struct state *state);

#endif
