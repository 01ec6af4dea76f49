/*
 * Opening and closing the state database: where it lies, how SQLite is told to keep it, and what a file
 * that is not what it should be is called.
 */
#include "webdav/state.h"

#include <apr_dbd.h>
#include <apr_errno.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "webdav/state_internal.h"

#define STATE_FILE "holdfast.db"

/* While somebody else writes. The driver tries sixteen times, so it comes to some five seconds. */
#define BUSY_TIMEOUT_MS 250

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
    int error =
        state_execute_value(state, pool, "PRAGMA busy_timeout = " APR_STRINGIFY(BUSY_TIMEOUT_MS), &value);
    if (!error)
        error = state_execute_value(state, pool, "PRAGMA quick_check(1)", &value);
    if (!error && strcmp(value, "ok") != 0)
        return EBADMSG;
    if (!error) /* where shared memory is not to be had the answer is another mode, which will do */
        error = state_execute_value(state, pool, "PRAGMA journal_mode = WAL", &value);
    if (!error)
        error = state_execute(state, sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
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
        error = state_schema_check(state, pool, &version);
    if (error == EBADMSG)
        *out_message = apr_psprintf(pool, "state database %s is not one of Holdfast's", file);
    else if (error == EPROTO)
        *out_message = apr_psprintf(
            pool, "state database %s has schema %" APR_INT64_T_FMT ", this Holdfast knows schema %d", file,
            (apr_int64_t)version, state_schema_version);
    else if (error)
        *out_message = apr_psprintf(pool, "state database %s: %s", file, state_last_message(state));
    return error == EBADMSG || error == EPROTO ? EIO : error;
}

int state_open(apr_pool_t *pool, const char *dir, bool sync, struct state **out, const char **out_message)
{
    int error = dir ? make_folder(pool, dir) : 0;
    if (error) {
        *out_message = apr_psprintf(pool, "state folder %s: %s", dir, strerror(error));
        return error;
    }
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        abort();
    apr_pool_create(&state->pool, NULL);
    apr_pool_create(&state->scratch, state->pool);
    state->prepared = apr_hash_make(state->pool);
    pthread_mutex_init(&state->mutex, NULL);
    pthread_mutex_init(&state->queue.mutex, NULL);
    state->queue.last = &state->queue.first;
    const char *file = dir ? apr_pstrcat(pool, dir, "/" STATE_FILE, NULL) : ":memory:";
    error = open_database(state, pool, file, sync, out_message);
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
    pthread_mutex_destroy(&state->queue.mutex);
    free(state);
}
