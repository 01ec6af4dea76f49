/*
 * apr_hash keeps the key of the first insertion as long as its entry lives, so an entry is made anew
 * whenever the first operation of a list changes.
 */
#include "src/opindex.h"

#include "webdav/keyedhash.h"

void opindex_init(struct opindex *index)
{
    apr_pool_create_unmanaged_ex(&index->pool, NULL, NULL);
    index->by_id = apr_hash_make(index->pool);
    index->by_key = keyedhash_make(index->pool);
    index->by_idempotency_key = keyedhash_make(index->pool);
    TAILQ_INIT(&index->keyed);
}

void opindex_release(struct opindex *index)
{
    apr_pool_destroy(index->pool);
}

static struct operation *get(apr_hash_t *hash, const char *key)
{
    return key ? apr_hash_get(hash, key, APR_HASH_KEY_STRING) : NULL;
}

static void set(apr_hash_t *hash, const char *key, struct operation *op)
{
    apr_hash_set(hash, key, APR_HASH_KEY_STRING, op);
}

static void set_first_of_key(struct opindex *index, struct operation *first, const char *key)
{
    set(index->by_key, key, NULL);
    if (first)
        set(index->by_key, first->key, first);
}

void opindex_add(struct opindex *index, struct operation *op)
{
    set(index->by_id, op->id, op);
    if (op->idempotency_key)
        set(index->by_idempotency_key, op->idempotency_key, op);
    if (op->is_joinable) {
        op->same_next = get(index->by_key, op->key);
        set_first_of_key(index, op, op->key);
        TAILQ_INSERT_TAIL(&index->keyed, op, key_link);
    }
}

void opindex_remove_key(struct opindex *index, struct operation *op)
{
    struct operation *before = NULL;

    for (struct operation *at = get(index->by_key, op->key); at; before = at, at = at->same_next) {
        if (at != op)
            continue;
        if (before)
            before->same_next = op->same_next;
        else
            set_first_of_key(index, op->same_next, op->key);
        op->same_next = NULL;
        TAILQ_REMOVE(&index->keyed, op, key_link);
        return;
    }
}

void opindex_add_idempotency_key(struct opindex *index, struct operation *op)
{
    set(index->by_idempotency_key, op->idempotency_key, op);
}

void opindex_remove(struct opindex *index, struct operation *op)
{
    set(index->by_id, op->id, NULL);
    opindex_remove_key(index, op);
    opindex_remove_idempotency_key(index, op);
}

void opindex_remove_idempotency_key(struct opindex *index, struct operation *op)
{
    if (get(index->by_idempotency_key, op->idempotency_key) == op)
        set(index->by_idempotency_key, op->idempotency_key, NULL);
}

struct operation *opindex_by_id(const struct opindex *index, const char *id)
{
    return get(index->by_id, id);
}

struct operation *opindex_by_key(const struct opindex *index, const char *key)
{
    return get(index->by_key, key);
}

struct operation *opindex_by_idempotency_key(const struct opindex *index, const char *key)
{
    return get(index->by_idempotency_key, key);
}
