/*
 * Inside the state database: what the file of one table (state_lock.c, state_journal.c, ...) is written
 * with. Such a file has the statements of its table and the functions that state.h promises for it; the
 * table itself is made by a step of state_schema.c. Only state.c, state_schema.c and state_sql.c know the
 * driver.
 *
 * Statements are string constants, prepared at their first use and known by their address. Arguments are
 * what apr_dbd calls binary: %s takes a const char *, %d an int *, %lld an apr_int64_t *, in an array of
 * pointers.
 *
 * Values that are not ours (paths, user names) may be any bytes, and a database may insist on valid
 * UTF-8: they are stored percent-encoded (state_encode), which a person can still read. Paths begin with
 * "/" there (state_encode_path), so that the root is not the empty string, before which nothing sorts.
 * Encoded or not, the tree below a path is one range: from "path/" to before "path0".
 *
 * Threads: any. Errors: errno.
 */
#ifndef HOLDFAST_STATE_INTERNAL_H
#define HOLDFAST_STATE_INTERNAL_H

#include <apr_dbd.h>
#include <apr_hash.h>
#include <pthread.h>

#include "webdav/state.h"

/* Changes that wait for their transaction (state_change.c). */
struct state_queue {
    pthread_mutex_t mutex;
    struct state_pending *first, **last;
    unsigned length;
    unsigned groups; /* run so far */
    bool is_led;     /* one of the callers runs a group, or is about to */
};

struct state {
    struct state_queue queue;
    pthread_mutex_t mutex; /* over the rest, and over the connection */
    apr_pool_t *pool;      /* its own */
    apr_pool_t *scratch;   /* of the change that runs */
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_hash_t *prepared; /* address of a statement -> apr_dbd_prepared_t */
    bool is_failing;      /* the last change could not be written, though nothing was wrong with it */
};

/* ---- writing ---- */

/* One change, as one transaction, which it may share with other changes. It may be run more than once
 * (after a roll-back), and in another caller's thread; `scratch` is for the run. It may not call what
 * takes the database by itself (state_change, state_query, state_list). */
typedef int state_change_fn(struct state *state, apr_pool_t *scratch, void *ctx);

/* Returns once the change is written, or is not: what the change returned, or the error of the commit. A
 * change that fails does not touch those that share its transaction. */
int state_change(struct state *state, state_change_fn *change, void *ctx);

/* Within a change: one statement. */
int state_run(struct state *state, apr_pool_t *scratch, const char *sql, const void **args);

/* A change that is one statement, with the path as its argument. */
int state_change_path(struct state *state, const char *sql, const char *path);

/* ---- reading ---- */

struct state_row {
    struct state *state;
    apr_pool_t *pool; /* as long as the call */
    apr_dbd_row_t *row;
};

const char *state_text(const struct state_row *row, int column); /* NULL if there is none */
int64_t state_int(const struct state_row *row, int column);
const char *state_decoded(const struct state_row *row, int column); /* NULL if it is not so encoded */
const char *state_path(const struct state_row *row, int column);

/* An error ends the reading and is its result. Called with the database taken: it may call nothing here
 * but the four above. */
typedef int state_row_fn(void *ctx, const struct state_row *row);

/* One of these, for the array of const char * that is its ctx: the path in the first column. */
state_row_fn state_collect_path;

/* Within a change: the rows of a SELECT; few, since all are held in memory at once. */
int state_select(struct state *state, apr_pool_t *scratch, const char *sql, const void **args,
                 state_row_fn *each, void *ctx);

/* The same elsewhere. */
int state_query(struct state *state, const char *sql, const void **args, state_row_fn *each, void *ctx);

/* Any number of rows, page by page: the SELECT has its key, a text, as first column and ends in
 * "WHERE key > %s ORDER BY key " STATE_PAGE. Between two pages others may write. */
#define STATE_PAGE "LIMIT 500"
int state_list(struct state *state, const char *sql, state_row_fn *each, void *ctx);

/* ---- values ---- */

const char *state_encode(apr_pool_t *pool, const char *bytes);
const char *state_encode_path(apr_pool_t *pool, const char *path);

/* ---- the driver: for state.c and state_schema.c; the mutex is held, or nobody else knows the state ---- */

const char *state_last_message(struct state *state);
int state_execute(struct state *state, const char *sql);
/* For what answers with rows (most PRAGMAs): the first value of the first row. */
int state_execute_value(struct state *state, apr_pool_t *pool, const char *sql, const char **out);

/* Makes the tables or brings them up to date, in one transaction. *out_version is what was found. EBADMSG:
 * a database that is not ours; EPROTO: of a later version than we know. */
extern const int state_schema_version;
int state_schema_check(struct state *state, apr_pool_t *pool, int64_t *out_version);

#endif
