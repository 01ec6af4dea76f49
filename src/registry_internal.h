/*
 * The registry as registry.c keeps it and registry_view.c shows it; nobody else's.
 */
#ifndef HOLDFAST_REGISTRY_INTERNAL_H
#define HOLDFAST_REGISTRY_INTERNAL_H

#include <pthread.h>

#include "src/opindex.h"
#include "src/registry.h"

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
};

#endif
