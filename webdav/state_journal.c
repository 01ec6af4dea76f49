/*
 * The journal's store (fs/journal.h): the directories in which names of ours may lie.
 */
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>

#include "webdav/state_internal.h"

static const char journal_add_sql[] = "INSERT OR IGNORE INTO journal (path) VALUES (%s)";
static const char journal_remove_sql[] = "DELETE FROM journal WHERE path = %s";
static const char journal_list_sql[] = "SELECT path FROM journal WHERE path > %s ORDER BY path " STATE_PAGE;

static int journal_add(void *ctx, const char *dir_path)
{
    return state_change_path(ctx, journal_add_sql, dir_path);
}

static int journal_remove(void *ctx, const char *dir_path)
{
    return state_change_path(ctx, journal_remove_sql, dir_path);
}

/* each() may call journal_remove, so it is called on a list read before. */
static int journal_list(void *ctx, int (*each)(void *each_ctx, const char *dir_path), void *each_ctx)
{
    struct state *state = ctx;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_array_header_t *paths = apr_array_make(pool, 16, sizeof(const char *));
    int error = state_list(state, journal_list_sql, state_collect_path, paths);
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
