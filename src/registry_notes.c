/*
 * Operations are forgotten with the registry's mutex held, and no disk may be waited for then: so what is to be
 * taken out of the state database is listed, and taken out by the worker that ends the next operation. A process
 * that dies before leaves them to the next one, which forgets them by their age.
 */
#include <stdlib.h>
#include <string.h>

#include "src/acceptance.h"
#include "src/registry_internal.h"

struct forgotten {
    struct forgotten *next;
    struct dav *dav;
    char id[OPERATION_ID_SIZE];
};

void registry_forget_note(struct registry *registry, struct operation *op)
{
    if (!op->request || !accepted_is_noted(op->request) || registry->is_closing)
        return;
    struct forgotten *forgotten = calloc(1, sizeof *forgotten);
    if (!forgotten)
        return;
    forgotten->dav = dav_of(op->request);
    memcpy(forgotten->id, op->id, sizeof forgotten->id);
    forgotten->next = registry->forgotten;
    registry->forgotten = forgotten;
}

static struct forgotten *take_all(struct registry *registry)
{
    pthread_mutex_lock(&registry->mutex);
    struct forgotten *all = registry->forgotten;
    registry->forgotten = NULL;
    pthread_mutex_unlock(&registry->mutex);
    return all;
}

void registry_write_forgotten(struct registry *registry)
{
    for (struct forgotten *at = take_all(registry), *next; at; at = next) {
        const char *id = at->id;
        next = at->next;
        (void)accepted_forget(at->dav, &id, 1);
        free(at);
    }
}

/* Somebody who joins may give it one at any time; it stays then. */
const char *registry_idempotency_key(struct registry *registry, const struct operation *op)
{
    pthread_mutex_lock(&registry->mutex);
    const char *key = op->idempotency_key;
    pthread_mutex_unlock(&registry->mutex);
    return key;
}

void registry_cancel(struct registry *registry, struct operation *op, const struct job_waiter *held)
{
    operation_cancel(op, DAV_STOP_CANCELLED);
    acceptance_cancel(registry->engine, op, held->job);
}
