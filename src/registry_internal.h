/*
 * The registry as registry.c keeps it, registry_view.c shows it, registry_restore.c fills it
 * and registry_notes.c forgets what is noted of it; nobody else's.
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
    struct dav *dav;             /* NULL: it holds nothing of ours */
    struct forgotten *forgotten; /* still in the state database */
    bool is_closing;             /* what is forgotten now is not: the next process will know it */
};

extern const struct job_kind registry_operation_kind;

/* The mutex is held; the operation has its job. */
void registry_list_running(struct registry *registry, struct operation *op);
void registry_list_ended(struct registry *registry, struct operation *op);

/* registry_notes.c: what the state database has of an operation that nobody may ask for any more. With the mutex,
 * it is for later; without it, it is written. */
void registry_forget_note(struct registry *registry, struct operation *op);
void registry_write_forgotten(struct registry *registry);

#endif
