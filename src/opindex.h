/*
 * Operations by id, by key, by Idempotency-Key.
 *
 * Operations with one key are a list: their bodies may differ, and one that may not be joined any more is there
 * until it was delivered.
 *
 * Life: opindex_init, opindex_release. It owns no operation; keys are not copied. Threads: the registry's
 * mutex is held.
 */
#ifndef HOLDFAST_OPINDEX_H
#define HOLDFAST_OPINDEX_H

#include <apr_hash.h>
#include <apr_pools.h>

#include "src/operation.h"

TAILQ_HEAD(operation_list, operation);

struct opindex {
    apr_pool_t *pool; /* of the hashes */
    apr_hash_t *by_id, *by_key, *by_idempotency_key;
    struct operation_list keyed; /* all that by_key leads to */
};

void opindex_init(struct opindex *index);
void opindex_release(struct opindex *index);

/* By its id and its Idempotency-Key; by its key if it may be joined. */
void opindex_add(struct opindex *index, struct operation *op);

/* Nobody finds it by its key any more. */
void opindex_remove_key(struct opindex *index, struct operation *op);
void opindex_remove_idempotency_key(struct opindex *index, struct operation *op);
void opindex_remove(struct opindex *index, struct operation *op);

/* It was given one later. */
void opindex_add_idempotency_key(struct opindex *index, struct operation *op);

/* NULL: there is none. More with one key follow by same_next. */
struct operation *opindex_by_id(const struct opindex *index, const char *id);
struct operation *opindex_by_key(const struct opindex *index, const char *key);
struct operation *opindex_by_idempotency_key(const struct opindex *index, const char *key);

#endif
