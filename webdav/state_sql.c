/*
 * Statements and queries: SQLite through apr_dbd.
 *
 * What the driver is like decides how this is written. It copies a whole result into a pool before
 * the first row is seen, so every query has a pool of its own and long lists are read in pages. It
 * answers with SQLite's numbers, mostly the meaningless 1, so the message says what it was. It
 * prepares statements by the old interface, which breaks for ever once somebody else changes the
 * schema (a VACUUM by the operator is enough), so a statement that failed so is prepared once more.
 */
#include <apr_escape.h>
#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "webdav/state_internal.h"
#include "webdav/uri.h"

/* ---- calls to the driver; the mutex is held ---- */

const char *state_last_message(struct state *state)
{
    const char *message = apr_dbd_error(state->driver, state->handle, 0);
    return message ? message : "unknown error";
}

/* The driver's numbers say little (see above); SQLite's texts are fixed strings of its interface. */
static int last_errno(struct state *state)
{
    const char *message = state_last_message(state);
    if (strstr(message, "is full"))
        return ENOSPC;
    if (strstr(message, "readonly"))
        return EROFS;
    return EIO;
}

int state_execute(struct state *state, const char *sql)
{
    int rows;
    return apr_dbd_query(state->driver, state->handle, &rows, sql) == 0 ? 0 : last_errno(state);
}

int state_execute_value(struct state *state, apr_pool_t *pool, const char *sql, const char **out)
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

/* The hash keeps the key by reference. */
struct statement {
    const char *sql;
    apr_dbd_prepared_t *prepared;
};

static int prepare(struct state *state, struct statement *statement)
{
    apr_dbd_prepared_t *prepared = NULL;
    if (apr_dbd_prepare(state->driver, state->pool, state->handle, statement->sql, NULL, &prepared) != 0)
        return last_errno(state);
    statement->prepared = prepared;
    return 0;
}

static int find_statement(struct state *state, const char *sql, struct statement **out)
{
    struct statement *statement = apr_hash_get(state->prepared, &sql, sizeof(sql));
    if (!statement) {
        statement = apr_pcalloc(state->pool, sizeof(*statement));
        statement->sql = sql;
        apr_hash_set(state->prepared, &statement->sql, sizeof(sql), statement);
    }
    *out = statement;
    return statement->prepared ? 0 : prepare(state, statement);
}

/* The driver keeps every statement until it is closed, so preparing anew is only for this case. */
static bool is_stale(struct state *state)
{
    return strstr(state_last_message(state), "schema has changed") != NULL;
}

int state_run(struct state *state, apr_pool_t *scratch, const char *sql, const void **args)
{
    struct statement *statement;
    int rows, error = find_statement(state, sql, &statement);
    if (error)
        return error;
    if (apr_dbd_pbquery(state->driver, scratch, state->handle, &rows, statement->prepared, args) == 0)
        return 0;
    if (!is_stale(state))
        return last_errno(state);
    error = prepare(state, statement);
    if (error)
        return error;
    if (apr_dbd_pbquery(state->driver, scratch, state->handle, &rows, statement->prepared, args) != 0)
        return last_errno(state);
    return 0;
}

static int select_rows(struct state *state, apr_pool_t *scratch, const char *sql, const void **args,
                       apr_dbd_results_t **out)
{
    struct statement *statement;
    apr_dbd_results_t *results = NULL;
    int error = find_statement(state, sql, &statement);
    if (error)
        return error;
    if (apr_dbd_pbselect(state->driver, scratch, state->handle, &results, statement->prepared, 0, args) !=
        0) {
        if (!is_stale(state))
            return last_errno(state);
        error = prepare(state, statement);
        if (error)
            return error;
        results = NULL;
        if (apr_dbd_pbselect(state->driver, scratch, state->handle, &results, statement->prepared, 0, args) !=
            0)
            return last_errno(state);
    }
    *out = results;
    return 0;
}

int state_select(struct state *state, apr_pool_t *scratch, const char *sql, const void **args,
                 state_row_fn *each, void *ctx)
{
    apr_dbd_results_t *results = NULL;
    struct state_row row = { .state = state, .pool = scratch };
    int error = select_rows(state, scratch, sql, args, &results);
    while (!error && apr_dbd_get_row(state->driver, scratch, results, &row.row, -1) == 0)
        error = each(ctx, &row);
    return error;
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

struct path_change {
    const char *sql, *path;
};

static int run_with_path(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct path_change *change = ctx;
    const void *args[] = { state_encode_path(scratch, change->path) };
    return state_run(state, scratch, change->sql, args);
}

int state_change_path(struct state *state, const char *sql, const char *path)
{
    struct path_change change = { .sql = sql, .path = path };
    return state_change(state, run_with_path, &change);
}

int state_query(struct state *state, const char *sql, const void **args, state_row_fn *each, void *ctx)
{
    apr_pool_t *scratch = operation_begin(state);
    int error = state_select(state, scratch, sql, args, each, ctx);
    operation_end(state, scratch);
    return error;
}

/* ---- lists ---- */

struct page {
    state_row_fn *each;
    void *ctx;
    apr_pool_t *pool; /* cleared page by page, in turn with the one before */
    const char *after;
    unsigned rows;
};

static int page_row(void *ctx, const struct state_row *row)
{
    struct page *page = ctx;
    const char *key = state_text(row, 0);
    if (!key)
        return EIO;
    page->rows++;
    page->after = apr_pstrdup(page->pool, key);
    return page->each(page->ctx, row);
}

int state_list(struct state *state, const char *sql, state_row_fn *each, void *ctx)
{
    struct page page = { .each = each, .ctx = ctx, .after = "" };
    apr_pool_t *pool, *previous;
    int error = 0;
    apr_pool_create(&pool, NULL);
    apr_pool_create(&previous, pool);
    do {
        const void *args[] = { page.after };
        apr_pool_create(&page.pool, pool);
        page.rows = 0;
        error = state_query(state, sql, args, page_row, &page);
        apr_pool_destroy(previous);
        previous = page.pool;
    } while (!error && page.rows > 0);
    apr_pool_destroy(pool);
    return error;
}

/* ---- values ---- */

const char *state_encode(apr_pool_t *pool, const char *bytes)
{
    size_t len = strlen(bytes);
    char *text = apr_palloc(pool, 3 * len + 1);
    *uri_encode(text, bytes, len) = '\0';
    return text;
}

const char *state_encode_path(apr_pool_t *pool, const char *path)
{
    return apr_pstrcat(pool, "/", state_encode(pool, path), NULL);
}

const char *state_text(const struct state_row *row, int column)
{
    return apr_dbd_get_entry(row->state->driver, row->row, column);
}

int64_t state_int(const struct state_row *row, int column)
{
    const char *text = state_text(row, column);
    return text ? apr_atoi64(text) : 0;
}

const char *state_decoded(const struct state_row *row, int column)
{
    const char *text = state_text(row, column);
    return text ? apr_punescape_url(row->pool, text, NULL, NULL, 0) : NULL;
}

const char *state_path(const struct state_row *row, int column)
{
    const char *text = state_text(row, column);
    return text && *text == '/' ? apr_punescape_url(row->pool, text + 1, NULL, NULL, 0) : NULL;
}

int state_collect_path(void *ctx, const struct state_row *row)
{
    apr_array_header_t *paths = ctx;
    const char *path = state_path(row, 0);
    if (!path)
        return EIO;
    APR_ARRAY_PUSH(paths, const char *) = apr_pstrdup(paths->pool, path);
    return 0;
}
