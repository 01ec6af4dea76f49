/*
 * One list of guards in the order in which they came, held and waiting ones alike. A guard may go
 * on once none before it conflicts: first come, first served, so a tree is not starved by small
 * writers below it, and as every guard waits only for earlier ones there is no circle. The list is
 * as long as there are workers; a scan of it is cheaper than anything cleverer.
 */
#include "fs/guard.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "fs/path.h"

struct guard_table {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    struct guard *first;
};

int guard_table_open(struct guard_table **out)
{
    struct guard_table *table = calloc(1, sizeof(*table));

    if (!table)
        return ENOMEM;
    pthread_mutex_init(&table->mutex, NULL);
    pthread_cond_init(&table->released, NULL);
    *out = table;
    return 0;
}

void guard_table_close(struct guard_table *table)
{
    if (!table)
        return;
    assert(!table->first);
    pthread_cond_destroy(&table->released);
    pthread_mutex_destroy(&table->mutex);
    free(table);
}

static bool is_conflict(const struct guard *a, const struct guard *b)
{
    for (int i = 0; i < GUARD_PATHS; i++)
        for (int j = 0; j < GUARD_PATHS; j++)
            if (a->paths[i] && b->paths[j] &&
                (path_is_within(a->paths[i], b->paths[j]) || path_is_within(b->paths[j], a->paths[i])))
                return true;
    return false;
}

static bool must_wait(const struct guard_table *table, const struct guard *guard)
{
    for (const struct guard *other = table->first; other != guard; other = other->next)
        if (is_conflict(other, guard))
            return true;
    return false;
}

void guard_take(struct guard_table *table, struct guard *guard, const char *first, const char *second)
{
    struct guard **link = &table->first;

    *guard = (struct guard){ .paths = { first, second } };
    pthread_mutex_lock(&table->mutex);
    while (*link)
        link = &(*link)->next;
    *link = guard;
    while (must_wait(table, guard))
        pthread_cond_wait(&table->released, &table->mutex);
    pthread_mutex_unlock(&table->mutex);
}

void guard_release(struct guard_table *table, struct guard *guard)
{
    struct guard **link = &table->first;

    pthread_mutex_lock(&table->mutex);
    while (*link != guard)
        link = &(*link)->next;
    *link = guard->next;
    pthread_cond_broadcast(&table->released);
    pthread_mutex_unlock(&table->mutex);
}
