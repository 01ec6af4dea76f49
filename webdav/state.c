/*
 * The state database: SQLite through apr_dbd.
 *
 * What the driver is like decides how this is written. It copies a whole result into a pool before
 * the first row is seen, so every query has a pool of its own and long lists are read in pages. It
 * answers with SQLite's numbers, mostly the meaningless 1, so the message says what it was. It
 * prepares statements by the old interface, which breaks for ever once somebody else changes the
 * schema (a VACUUM by the operator is enough), so a statement that failed so is prepared once more.
 *
 * Values that are not ours (paths, user names) may be any bytes, and a database may insist on valid
 * UTF-8: they are stored percent-encoded, which a person can still read. The owner's markup and the
 * tokens are sound already.
 */
#include "webdav/state.h"

#include <apr_dbd.h>
#include <apr_errno.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "webdav/uri.h"

#define STATE_FILE "holdfast.db"
#define PAGE_ROWS  "500"

/* While somebody else writes. The driver tries sixteen times, so it comes to some five seconds. */
#define BUSY_TIMEOUT_MS 250

enum statement {
    LOCK_PUT,
    LOCK_REMOVE,
    LOCK_PAGE,
    JOURNAL_ADD,
    JOURNAL_REMOVE,
    JOURNAL_PAGE,
    STATEMENT_COUNT
};

static const char *const statement_sql[STATEMENT_COUNT] = {
    [LOCK_PUT] =
        "INSERT OR REPLACE INTO lock (token, root, creator, owner, exclusive, deep, expires_ns, timeout_s) "
        "VALUES (%s, %s, %s, %s, %d, %d, %lld, %lld)",
    [LOCK_REMOVE] = "DELETE FROM lock WHERE token = %s",
    [LOCK_PAGE] = "SELECT token, root, creator, owner, exclusive, deep, expires_ns, timeout_s FROM lock "
                  "WHERE token > %s ORDER BY token LIMIT " PAGE_ROWS,
    [JOURNAL_ADD] = "INSERT OR IGNORE INTO journal (path) VALUES (%s)",
    [JOURNAL_REMOVE] = "DELETE FROM journal WHERE path = %s",
    [JOURNAL_PAGE] = "SELECT path FROM journal WHERE path > %s ORDER BY path LIMIT " PAGE_ROWS,
};

/* Schema 1. Text that is not ours is percent-encoded; paths begin with "/" here, so that the root is
 * not the empty string, before which nothing sorts. */
static const char *const schema_sql[] = {
    "CREATE TABLE lock (token TEXT PRIMARY KEY, root TEXT NOT NULL, creator TEXT NOT NULL, "
    "owner TEXT NOT NULL, "
    "exclusive INTEGER NOT NULL, deep INTEGER NOT NULL, expires_ns INTEGER NOT NULL, "
    "timeout_s INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE journal (path TEXT PRIMARY KEY) WITHOUT ROWID",
    "PRAGMA user_version = " APR_STRINGIFY(STATE_SCHEMA),
};

struct state {
    apr_pool_t *pool; /* its own; used under the mutex only */
    pthread_mutex_t mutex;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_dbd_prepared_t *prepared[STATEMENT_COUNT];
};

/* ---- calls to the driver; the mutex is held ---- */

static const char *last_message(struct state *state)
{
    const char *message = apr_dbd_error(state->driver, state->handle, 0);
    return message ? message : "unknown error";
}

/* The driver's numbers say little (see above); SQLite's texts are fixed strings of its interface. */
static int last_errno(struct state *state)
{
    const char *message = last_message(state);
    if (strstr(message, "is full"))
        return ENOSPC;
    if (strstr(message, "readonly"))
        return EROFS;
    return EIO;
}

static int execute(struct state *state, const char *sql)
{
    int rows;
    return apr_dbd_query(state->driver, state->handle, &rows, sql) == 0 ? 0 : last_errno(state);
}

/* For statements that answer with rows (most PRAGMAs): the first value of the first row. */
static int execute_value(struct state *state, apr_pool_t *pool, const char *sql, const char **out)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    if (apr_dbd_select(state->driver, pool, state->handle, &results, sql, 0) != 0)
        return last_errno(state);
    if (apr_dbd_get_row(state->driver, pool, results, &row, -1) != 0)
        return EIO;
    const char *value = apr_dbd_get_entry(state->driver, row, 0);
    if (!value)
        return EIO;
    *out = value;
    return 0;
}

static int prepare(struct state *state, enum statement which)
{
    apr_dbd_prepared_t *prepared = NULL;
    if (apr_dbd_prepare(state->driver, state->pool, state->handle, statement_sql[which], NULL, &prepared) !=
        0)
        return last_errno(state);
    state->prepared[which] = prepared;
    return 0;
}

/* The driver keeps every statement until it is closed, so preparing anew is only for this case. */
static bool is_stale(struct state *state)
{
    return strstr(last_message(state), "schema has changed") != NULL;
}

static int run(struct state *state, apr_pool_t *pool, enum statement which, const void **args)
{
    int rows;
    if (apr_dbd_pbquery(state->driver, pool, state->handle, &rows, state->prepared[which], args) == 0)
        return 0;
    if (!is_stale(state))
        return last_errno(state);
    int error = prepare(state, which);
    if (error)
        return error;
    if (apr_dbd_pbquery(state->driver, pool, state->handle, &rows, state->prepared[which], args) != 0)
        return last_errno(state);
    return 0;
}

static int run_page(struct state *state, apr_pool_t *pool, enum statement which, const char *after,
                    apr_dbd_results_t **out)
{
    const void *args[] = { after };
    apr_dbd_results_t *results = NULL;
    if (apr_dbd_pbselect(state->driver, pool, state->handle, &results, state->prepared[which], 0, args) !=
        0) {
        if (!is_stale(state))
            return last_errno(state);
        int error = prepare(state, which);
        if (error)
            return error;
        results = NULL;
        if (apr_dbd_pbselect(state->driver, pool, state->handle, &results, state->prepared[which], 0, args) !=
            0)
            return last_errno(state);
    }
    *out = results;
    return 0;
}

/* ---- values ---- */

static const char *encode(apr_pool_t *pool, const char *bytes)
{
    size_t len = strlen(bytes);
    char *text = apr_palloc(pool, 3 * len + 1);
    *uri_encode(text, bytes, len) = '\0';
    return text;
}

/* NULL if it is not what encode() made. */
static const char *decode(apr_pool_t *pool, const char *text)
{
    return text ? apr_punescape_url(pool, text, NULL, NULL, 0) : NULL;
}

static const char *encode_path(apr_pool_t *pool, const char *path)
{
    return apr_pstrcat(pool, "/", encode(pool, path), NULL);
}

static const char *decode_path(apr_pool_t *pool, const char *text)
{
    return text && *text == '/' ? decode(pool, text + 1) : NULL;
}

/* ---- opening ---- */

/* The folder with its parents; those that are made are for our eyes only. */
static int make_folder(apr_pool_t *pool, const char *dir)
{
    char *path = apr_pstrdup(pool, dir);
    for (char *slash = path + 1; *path && (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return errno;
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return errno;
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

static int connect_database(struct state *state, apr_pool_t *pool, const char *file, const char **out_message)
{
    apr_status_t status = apr_dbd_init(state->pool);
    if (status == APR_SUCCESS)
        status = apr_dbd_get_driver(state->pool, "sqlite3", &state->driver);
    if (status != APR_SUCCESS) {
        *out_message =
            apr_pstrdup(pool, "the SQLite driver of apr-util is missing (libaprutil1-dbd-sqlite3)");
        return ENOSYS;
    }
    const char *error = NULL;
    if (apr_dbd_open_ex(state->driver, state->pool, file, &state->handle, &error) != APR_SUCCESS) {
        state->handle = NULL;
        *out_message = apr_psprintf(pool, "state database %s: %s", file, error ? error : "cannot be opened");
        return EIO;
    }
    return 0;
}

/* WAL: readers of the file (a person with sqlite3) never stop us, and one commit is one fsync. NORMAL
 * leaves that fsync to checkpoints: a commit survives the death of the process, not of the machine,
 * and the file is sound in either case. */
static int configure(struct state *state, apr_pool_t *pool, bool sync)
{
    const char *value;
    int error = execute_value(state, pool, "PRAGMA busy_timeout = " APR_STRINGIFY(BUSY_TIMEOUT_MS), &value);
    if (!error)
        error = execute_value(state, pool, "PRAGMA quick_check(1)", &value);
    if (!error && strcmp(value, "ok") != 0)
        return EBADMSG;
    if (!error) /* where shared memory is not to be had the answer is another mode, which will do */
        error = execute_value(state, pool, "PRAGMA journal_mode = WAL", &value);
    if (!error)
        error = execute(state, sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    return error;
}

static int create_schema(struct state *state)
{
    int error = 0;
    for (size_t i = 0; i < sizeof(schema_sql) / sizeof(schema_sql[0]) && !error; i++)
        error = execute(state, schema_sql[i]);
    return error;
}

/* In one transaction that takes the write lock, so that a database we may not write is found now and
 * two processes do not both create it. *out_version is what was found. */
static int check_schema(struct state *state, apr_pool_t *pool, int64_t *out_version)
{
    int error = execute(state, "BEGIN IMMEDIATE");
    if (error)
        return error;
    const char *version = "0", *tables = "0";
    error = execute_value(state, pool, "PRAGMA user_version", &version);
    if (!error)
        error = execute_value(state, pool, "SELECT count(*) FROM sqlite_master", &tables);
    int64_t found = apr_atoi64(version);
    if (!error && found == 0)
        error = strcmp(tables, "0") == 0 ? create_schema(state) : EBADMSG;
    else if (!error && found != STATE_SCHEMA)
        error = EPROTO;
    if (execute(state, error ? "ROLLBACK" : "COMMIT") != 0 && !error)
        error = last_errno(state);
    *out_version = found;
    return error;
}

static int open_database(struct state *state, apr_pool_t *pool, const char *file, bool sync,
                         const char **out_message)
{
    int64_t version = 0;
    int error = connect_database(state, pool, file, out_message);
    if (error)
        return error;
    error = configure(state, pool, sync);
    if (error == EBADMSG) {
        *out_message =
            apr_psprintf(pool, "state database %s is damaged; move it away to start without it", file);
        return EIO;
    }
    if (!error)
        error = check_schema(state, pool, &version);
    if (error == EBADMSG)
        *out_message = apr_psprintf(pool, "state database %s is not one of Holdfast's", file);
    else if (error == EPROTO)
        *out_message = apr_psprintf(
            pool, "state database %s has schema %" APR_INT64_T_FMT ", this Holdfast knows schema %d", file,
            (apr_int64_t)version, STATE_SCHEMA);
    else if (error)
        *out_message = apr_psprintf(pool, "state database %s: %s", file, last_message(state));
    for (int which = 0; which < STATEMENT_COUNT && !error; which++) {
        error = prepare(state, (enum statement)which);
        if (error)
            *out_message = apr_psprintf(pool, "state database %s: %s", file, last_message(state));
    }
    return error == EBADMSG || error == EPROTO ? EIO : error;
}

int state_open(apr_pool_t *pool, const char *dir, bool sync, struct state **out, const char **out_message)
{
    int error = make_folder(pool, dir);
    if (error) {
        *out_message = apr_psprintf(pool, "state folder %s: %s", dir, strerror(error));
        return error;
    }
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        abort();
    apr_pool_create(&state->pool, NULL);
    pthread_mutex_init(&state->mutex, NULL);
    error = open_database(state, pool, apr_pstrcat(pool, dir, "/" STATE_FILE, NULL), sync, out_message);
    if (error) {
        state_close(state);
        return error;
    }
    *out = state;
    return 0;
}

void state_close(struct state *state)
{
    if (!state)
        return;
    if (state->handle)
        apr_dbd_close(state->driver, state->handle);
    apr_pool_destroy(state->pool);
    pthread_mutex_destroy(&state->mutex);
    free(state);
}

/* ---- one operation: the mutex and a pool of its own ---- */

static apr_pool_t *operation_begin(struct state *state)
{
    apr_pool_t *scratch;
    pthread_mutex_lock(&state->mutex);
    apr_pool_create(&scratch, state->pool);
    return scratch;
}

static void operation_end(struct state *state, apr_pool_t *scratch)
{
    apr_pool_destroy(scratch);
    pthread_mutex_unlock(&state->mutex);
}

static int run_with_path(struct state *state, enum statement which, const char *path)
{
    apr_pool_t *scratch = operation_begin(state);
    const void *args[] = { encode_path(scratch, path) };
    int error = run(state, scratch, which, args);
    operation_end(state, scratch);
    return error;
}

/* ---- locks ---- */

int state_lock_put(struct state *state, const struct state_lock *lock)
{
    apr_pool_t *scratch = operation_begin(state);
    int exclusive = lock->exclusive, deep = lock->deep;
    apr_int64_t expires_ns = lock->expires_ns, timeout_s = lock->timeout_s;
    const void *args[] = { lock->token,
                           encode_path(scratch, lock->root),
                           encode(scratch, lock->user),
                           lock->owner,
                           &exclusive,
                           &deep,
                           &expires_ns,
                           &timeout_s };
    int error = run(state, scratch, LOCK_PUT, args);
    operation_end(state, scratch);
    return error;
}

int state_lock_remove(struct state *state, const char *token)
{
    return state_lock_remove_all(state, &token, 1);
}

int state_lock_remove_all(struct state *state, const char *const *tokens, size_t count)
{
    apr_pool_t *scratch = operation_begin(state);
    int error = count > 1 ? execute(state, "BEGIN IMMEDIATE") : 0;
    bool begun = count > 1 && !error;
    for (size_t i = 0; i < count && !error; i++) {
        const void *args[] = { tokens[i] };
        error = run(state, scratch, LOCK_REMOVE, args);
    }
    if (begun && !error)
        error = execute(state, "COMMIT");
    if (begun && error)
        execute(state, "ROLLBACK"); /* fails if SQLite has done so itself */
    operation_end(state, scratch);
    return error;
}

static int64_t entry_int(struct state *state, apr_dbd_row_t *row, int column)
{
    const char *text = apr_dbd_get_entry(state->driver, row, column);
    return text ? apr_atoi64(text) : 0;
}

static bool read_lock(struct state *state, apr_pool_t *pool, apr_dbd_row_t *row, struct state_lock *out)
{
    out->token = apr_dbd_get_entry(state->driver, row, 0);
    out->root = decode_path(pool, apr_dbd_get_entry(state->driver, row, 1));
    out->user = decode(pool, apr_dbd_get_entry(state->driver, row, 2));
    out->owner = apr_dbd_get_entry(state->driver, row, 3);
    out->exclusive = entry_int(state, row, 4) != 0;
    out->deep = entry_int(state, row, 5) != 0;
    out->expires_ns = entry_int(state, row, 6);
    out->timeout_s = entry_int(state, row, 7);
    return out->token && out->root && out->user && out->owner;
}

int state_lock_list(struct state *state, void (*each)(void *ctx, const struct state_lock *lock), void *ctx)
{
    apr_pool_t *scratch = operation_begin(state);
    apr_pool_t *page, *previous = NULL;
    const char *after = "";
    unsigned rows;
    int error;
    do {
        apr_dbd_results_t *results = NULL;
        apr_dbd_row_t *row = NULL;
        rows = 0;
        apr_pool_create(&page, scratch);
        error = run_page(state, page, LOCK_PAGE, after, &results);
        while (!error && apr_dbd_get_row(state->driver, page, results, &row, -1) == 0) {
            struct state_lock lock;
            if (!read_lock(state, page, row, &lock)) {
                error = EIO;
                break;
            }
            each(ctx, &lock);
            after = lock.token; /* lives in this page's pool, which goes after the next one is read */
            rows++;
        }
        if (previous)
            apr_pool_destroy(previous);
        previous = page;
    } while (!error && rows > 0);
    operation_end(state, scratch);
    return error;
}

/* ---- the journal's store ---- */

static int journal_add(void *ctx, const char *dir_path)
{
    return run_with_path(ctx, JOURNAL_ADD, dir_path);
}

static int journal_remove(void *ctx, const char *dir_path)
{
    return run_with_path(ctx, JOURNAL_REMOVE, dir_path);
}

/* each() may call journal_remove, so it is called without the mutex, on a list read before. */
static int journal_list(void *ctx, int (*each)(void *each_ctx, const char *dir_path), void *each_ctx)
{
    struct state *state = ctx;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_array_header_t *paths = apr_array_make(pool, 16, sizeof(const char *));
    const char *after = "";
    int error, before;
    do {
        apr_dbd_results_t *results = NULL;
        apr_dbd_row_t *row = NULL;
        before = paths->nelts;
        apr_pool_t *scratch = operation_begin(state);
        error = run_page(state, scratch, JOURNAL_PAGE, after, &results);
        while (!error && apr_dbd_get_row(state->driver, scratch, results, &row, -1) == 0) {
            after = apr_pstrdup(pool, apr_dbd_get_entry(state->driver, row, 0));
            const char *path = decode_path(pool, after);
            if (!path)
                error = EIO;
            else
                APR_ARRAY_PUSH(paths, const char *) = path;
        }
        operation_end(state, scratch);
    } while (!error && paths->nelts > before);
    for (int i = 0; i < paths->nelts && !error; i++)
        error = each(each_ctx, APR_ARRAY_IDX(paths, i, const char *));
    apr_pool_destroy(pool);
    return error;
}

struct journal_store state_journal_store(struct state *state)
{
    struct journal_store store = {
        .ctx = state, .add = journal_add, .remove = journal_remove, .list = journal_list
    };
    return store;
}
