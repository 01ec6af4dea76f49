/*
 * The tables, as the steps that made them: step n takes a database of version n - 1 to version n, and
 * a new database takes them all. A step that was released is never changed.
 */
#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "webdav/state_internal.h"

static const char *const step_1[] = {
    "CREATE TABLE lock (token TEXT PRIMARY KEY, root TEXT NOT NULL, creator TEXT NOT NULL, "
    "owner TEXT NOT NULL, "
    "exclusive INTEGER NOT NULL, deep INTEGER NOT NULL, expires_ns INTEGER NOT NULL, "
    "timeout_s INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE journal (path TEXT PRIMARY KEY) WITHOUT ROWID",
    NULL,
};

static const char *const step_2[] = {
    "CREATE TABLE move (dest TEXT PRIMARY KEY, source TEXT NOT NULL, source_ino INTEGER NOT NULL, "
    "source_birth INTEGER NOT NULL, made_ino INTEGER NOT NULL, made_birth INTEGER NOT NULL, "
    "since_ns INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE job (id TEXT PRIMARY KEY, creator TEXT NOT NULL, client TEXT NOT NULL, method TEXT NOT "
    "NULL, "
    "target TEXT NOT NULL, headers TEXT NOT NULL, tls INTEGER NOT NULL, key TEXT NOT NULL, "
    "idempotency_key TEXT NOT NULL, path TEXT NOT NULL, dest TEXT NOT NULL, path_ino INTEGER NOT NULL, "
    "path_birth INTEGER NOT NULL, dest_ino INTEGER NOT NULL, dest_birth INTEGER NOT NULL, "
    "made_ino INTEGER NOT NULL, made_birth INTEGER NOT NULL, started_ms INTEGER NOT NULL, "
    "ended_ms INTEGER NOT NULL, status INTEGER NOT NULL, reply_headers TEXT NOT NULL, reply TEXT NOT NULL)",
    NULL,
};

static const char *const step_3[] = {
    "CREATE TABLE prop (path TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, markup TEXT NOT NULL, "
    "PRIMARY KEY (path, ns, name)) WITHOUT ROWID",
    "CREATE TABLE shift (source TEXT NOT NULL, dest TEXT NOT NULL, ino INTEGER NOT NULL, "
    "birth INTEGER NOT NULL, PRIMARY KEY (source, dest)) WITHOUT ROWID",
    NULL,
};

static const char *const *const steps[] = { step_1, step_2, step_3 };

#define STEP_COUNT ((int)(sizeof(steps) / sizeof(steps[0])))

const int state_schema_version = STEP_COUNT;

static int take_steps(struct state *state, apr_pool_t *pool, int64_t version)
{
    int error = 0;
    for (int64_t step = version; step < STEP_COUNT; step++)
        for (const char *const *sql = steps[step]; *sql && !error; sql++)
            error = state_execute(state, *sql);
    if (!error && version < STEP_COUNT)
        error = state_execute(state, apr_psprintf(pool, "PRAGMA user_version = %d", STEP_COUNT));
    return error;
}

/* The transaction takes the write lock, so that a database we may not write is found now and two
 * processes do not both create it. */
int state_schema_check(struct state *state, apr_pool_t *pool, int64_t *out_version)
{
    int error = state_execute(state, "BEGIN IMMEDIATE");
    if (error)
        return error;
    const char *version = "0", *tables = "0";
    error = state_execute_value(state, pool, "PRAGMA user_version", &version);
    if (!error)
        error = state_execute_value(state, pool, "SELECT count(*) FROM sqlite_master", &tables);
    int64_t found = apr_atoi64(version);
    if (!error && (found < 0 || (found == 0 && strcmp(tables, "0") != 0)))
        error = EBADMSG;
    else if (!error && found > STEP_COUNT)
        error = EPROTO;
    if (!error)
        error = take_steps(state, pool, found);
    if (!error)
        error = state_execute(state, "COMMIT");
    *out_version = found;
    return error; /* then it is closed, which rolls back */
}
