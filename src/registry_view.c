/*
 * What the pages show of operations: looked up and copied under the mutex.
 */
#include <apr_strings.h>
#include <string.h>

#include "src/registry_internal.h"

struct operation *registry_hold(struct registry *registry, const char *user, const char *id,
                                struct job_waiter *waiter)
{
    pthread_mutex_lock(&registry->mutex);
    struct operation *op = opindex_by_id(&registry->index, id);
    if (op && strcmp(op->user, user) != 0)
        op = NULL; /* as if it were not there */
    if (op)
        job_join(op->keeper.job, waiter);
    pthread_mutex_unlock(&registry->mutex);
    return op;
}

static void view(struct registry *registry, struct operation *op, apr_pool_t *pool, struct job_view *out)
{
    operation_view(op, pool, op->is_ended, timer_now_ms(), job_waiting(registry->engine, JOB_LONG),
                   job_lane_workers(registry->engine, JOB_LONG), out);
}

void registry_view(struct registry *registry, struct operation *op, apr_pool_t *pool, struct job_view *out)
{
    pthread_mutex_lock(&registry->mutex);
    view(registry, op, pool, out);
    pthread_mutex_unlock(&registry->mutex);
}

/* What is shown outlives the operation: nothing may point into it. */
static void copy_strings(apr_pool_t *pool, struct job_view *view)
{
    const char **strings[] = { &view->id,          &view->method,  &view->status_uri, &view->source,
                               &view->destination, &view->message, &view->location,   &view->etag };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        *strings[i] = apr_pstrdup(pool, *strings[i]); /* NULL stays NULL */
}

static void list(struct registry *registry, struct operation *op, const char *user, apr_pool_t *pool,
                 struct job_view *views, size_t *count)
{
    if (*count == REGISTRY_LISTED_MAX || strcmp(op->user, user) != 0)
        return;
    view(registry, op, pool, &views[*count]);
    copy_strings(pool, &views[(*count)++]);
}

/* What runs must not be hidden by what has ended. */
size_t registry_list(struct registry *registry, const char *user, apr_pool_t *pool, struct job_view **out)
{
    size_t count = 0;
    *out = apr_pcalloc(pool, REGISTRY_LISTED_MAX * sizeof **out);
    pthread_mutex_lock(&registry->mutex);
    for (struct operation *op = TAILQ_FIRST(&registry->running); op; op = TAILQ_NEXT(op, link))
        list(registry, op, user, pool, *out, &count);
    for (struct operation *op = TAILQ_LAST(&registry->kept, operation_list); op;
         op = TAILQ_PREV(op, operation_list, link))
        list(registry, op, user, pool, *out, &count);
    pthread_mutex_unlock(&registry->mutex);
    return count;
}

void registry_count(struct registry *registry, struct registry_counts *out)
{
    struct registry_counts counts = { 0 };

    pthread_mutex_lock(&registry->mutex);
    for (struct operation *op = TAILQ_FIRST(&registry->running); op; op = TAILQ_NEXT(op, link)) {
        bool is_running = op->slow || atomic_load(&op->is_running);
        counts.running += !op->is_ended && is_running;
        counts.waiting += !op->is_ended && !is_running;
    }
    counts.kept = registry->kept_count;
    pthread_mutex_unlock(&registry->mutex);
    *out = counts;
}
