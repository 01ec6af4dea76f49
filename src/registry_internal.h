/*
 * The registry as registry.c keeps it, registry_results.c keeps what it led to, registry_view.c shows it,
 * registry_restore.c fills it and registry_notes.c forgets what is noted of it; nobody else's.
 */
#ifndef HOLDFAST_REGISTRY_INTERNAL_H
#define HOLDFAST_REGISTRY_INTERNAL_H

#include <pthread.h>

#include "src/opindex.h"
#include "src/registry.h"
#include "webdav/accepted.h"

struct registry {
    struct alarm alarm; /* first: what tick() gets */
    pthread_mutex_t mutex;
    struct job_engine *engine;
    struct registry_limits limits;
    int64_t tick_ms;
    struct opindex index;
    struct operation_list running; /* the oldest first */
    struct operation_list kept;    /* likewise */
    unsigned diagnostics;          /* running */
    unsigned kept_count;
    size_t kept_bytes;
    struct forgotten *forgotten; /* still in the state database */
    bool is_closing;             /* what is forgotten now is not: the next process will know it */
};

extern const struct job_kind registry_operation_kind;

/* The mutex is held; the operation has its job. */
void registry_list_running(struct registry *registry, struct operation *op);
void registry_list_ended(struct registry *registry, struct operation *op);

/* registry_results.c; all with the mutex held. */

/* It has run. */
void registry_note_end(struct registry *registry, struct operation *op);

/* The result is there and nobody waits for it now: it is kept for who may still ask, or forgotten. */
void registry_settle(struct registry *registry, struct operation *op);
void registry_keep(struct registry *registry, struct operation *op);

/* Out of everything. It may be freed by this. */
void registry_forget(struct registry *registry, struct operation *op);

/* Its result is of no use to a repeated request any more. */
void registry_touch(struct registry *registry, struct operation *op);

/* It was delivered to nobody. A failure is told only to who was promised to hear how it ends. */
bool registry_may_be_replayed(struct operation *op);

/* Does another, which came later, change the same? Who sends PUT, DELETE and PUT again wants the last one done. (A
 * COPY that lasts while its source is written to is joined all the same.) */
bool registry_is_overtaken(const struct registry *registry, const struct operation *op);

/* registry_notes.c: what the state database has of an operation that nobody may ask for any more. With the mutex,
 * it is for later; without it, it is written. */
void registry_forget_note(struct registry *registry, struct operation *op);
void registry_write_forgotten(struct registry *registry);

#endif
