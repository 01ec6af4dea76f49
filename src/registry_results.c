/*
 * Keeping, replaying and forgetting: what becomes of an operation once it has run.
 */
#include "src/registry.h"

#include <string.h>

#include "src/registry_internal.h"

#define POOL_BYTES (16 * 1024) /* of a request that is kept, about */

static size_t size_of(struct operation *op)
{
    const struct dav_reply *reply = operation_reply(op);
    return POOL_BYTES + (reply->kind == DAV_BUFFER ? reply->size : 0);
}

void registry_forget(struct registry *registry, struct operation *op)
{
    registry_forget_note(registry, op);
    opindex_remove(&registry->index, op);
    if (op->is_kept) {
        TAILQ_REMOVE(&registry->kept, op, link);
        registry->kept_count--;
        registry->kept_bytes -= size_of(op);
    } else {
        TAILQ_REMOVE(&registry->running, op, link);
    }
    job_leave(&op->keeper);
}

static bool is_over_full(const struct registry *registry)
{
    return registry->kept_count > REGISTRY_KEPT_MAX || registry->kept_bytes > REGISTRY_KEPT_BYTES;
}

/* The oldest, and of this user if more than half are this user's: nobody is to push out what others were promised.
 * What is being given to somebody at this moment stays. */
static struct operation *find_victim(struct registry *registry, const char *user)
{
    struct operation *any = NULL, *own = NULL;
    unsigned owned = 0;

    for (struct operation *at = TAILQ_FIRST(&registry->kept); at; at = TAILQ_NEXT(at, link)) {
        bool is_own = strcmp(at->user, user) == 0;
        owned += is_own;
        if (!at->waiting && !any)
            any = at;
        if (!at->waiting && is_own && !own)
            own = at;
    }
    return own && owned > registry->kept_count / 2 ? own : any;
}

void registry_keep(struct registry *registry, struct operation *op)
{
    TAILQ_REMOVE(&registry->running, op, link);
    TAILQ_INSERT_TAIL(&registry->kept, op, link);
    op->is_kept = true;
    registry->kept_count++;
    registry->kept_bytes += size_of(op);
    while (is_over_full(registry)) {
        struct operation *victim = find_victim(registry, op->user);
        if (!victim)
            break;
        registry_forget(registry, victim);
    }
}

/* ---- what becomes of a result ---- */

/* Nothing was done. Who asks again may well fare better, since what stood in the way may be gone. */
static bool has_failed(struct operation *op)
{
    return operation_reply(op)->status >= 400;
}

/* Was it stopped because its own client had left? Then nobody wants to hear so. */
static bool is_void(struct operation *op)
{
    return op->is_unwanted && has_failed(op);
}

bool registry_may_be_replayed(struct operation *op)
{
    return op->is_ended && op->is_joinable && !op->is_delivered && !op->is_touched && !is_void(op) &&
           (!has_failed(op) || atomic_load(&op->is_accepted));
}

void registry_settle(struct registry *registry, struct operation *op)
{
    bool is_wanted =
        registry_may_be_replayed(op) || (op->idempotency_key && !is_void(op)) || atomic_load(&op->is_named);

    if (is_void(op))
        opindex_remove_idempotency_key(&registry->index, op);

    if (!registry_may_be_replayed(op))
        opindex_remove_key(&registry->index, op);
    if (!is_wanted || registry->limits.retention_ms == 0)
        registry_forget(registry, op);
    else if (!op->is_kept)
        registry_keep(registry, op);
}

void registry_touch(struct registry *registry, struct operation *op)
{
    op->is_touched = true;
    if (op->is_ended && !op->waiting)
        registry_settle(registry, op);
}

/* Something was done to what others are about: their results are of no use to a repeated request any more. */
static void touch_others(struct registry *registry, struct operation *op)
{
    struct operation *other, *next;
    for (other = TAILQ_FIRST(&registry->index.keyed); other; other = next) {
        next = TAILQ_NEXT(other, key_link);
        if (other != op && other->request && registry_may_be_replayed(other) &&
            dav_touches(op->request, other->request))
            registry_touch(registry, other);
    }
}

bool registry_is_overtaken(const struct registry *registry, const struct operation *op)
{
    const struct operation *at = op->is_kept ? TAILQ_FIRST(&registry->running) : TAILQ_NEXT(op, link);
    for (; at && op->request; at = TAILQ_NEXT(at, link)) {
        if (!at->request || at->is_ended)
            continue;
        if (op->is_ended ? dav_touches(at->request, op->request) : dav_overwrites(at->request, op->request))
            return true;
    }
    return false;
}

void registry_note_end(struct registry *registry, struct operation *op)
{
    op->ended_ms = timer_now_ms();
    op->is_ended = true;
    registry->diagnostics -= op->slow != NULL;
    /* It was to be stopped and could not be any more: its name counts after all, unless another has it by now. */
    if (op->is_unwanted && !is_void(op) && op->idempotency_key &&
        !opindex_by_idempotency_key(&registry->index, op->idempotency_key))
        opindex_add_idempotency_key(&registry->index, op);
    if (op->request && dav_changes(op->request) && operation_reply(op)->status < 400)
        touch_others(registry, op);
    if (!op->waiting)
        registry_settle(registry, op);
}
