/*
 * Operations that an earlier process had accepted: they are here again under their ids, with their result or
 * running once more.
 *
 * What somebody may have heard of already is for its page and for its Idempotency-Key: nobody knows
 * whether its result was delivered, nor what was done since. What was not over yet is found by the same request too.
 */
#include <apr_strings.h>
#include <string.h>

#include "src/auth.h"
#include "src/log.h"
#include "src/registry_internal.h"

static struct operation *make_operation(const struct accepted *a)
{
    const struct operation_identity identity = { .user = a->user,
                                                 .client = a->name.client,
                                                 .method = a->method,
                                                 .target = a->target,
                                                 .key = a->name.key,
                                                 .idempotency_key = a->name.idempotency_key,
                                                 .is_joinable = a->is_news && a->name.key };
    struct operation *op = operation_new(&identity, a->request, NULL);

    apr_cpystrn(op->id, a->name.id, sizeof op->id);
    op->started_unix_ms = a->name.started_ms;
    atomic_store(&op->is_accepted, true);
    atomic_store(&op->is_named, true);
    return op;
}

/* The mutex is held. */
static int list_ended(struct registry *registry, struct operation *op, const struct accepted *a)
{
    int64_t since_ms = timer_now_ms() - operation_unix_ms(); /* from one clock to the other */

    int error = job_begin(registry->engine, &registry_operation_kind, op, &op->keeper);
    if (error)
        return error;
    op->started_ms = a->name.started_ms + since_ms;
    op->ended_ms = a->ended_ms + since_ms;
    op->is_ended = true;
    atomic_store(&op->is_running, true);
    atomic_store(&op->is_over, true);
    if (op->is_joinable) {
        dav_request_trace(op->request, &op->trace);
        op->has_trace = true;
    }
    struct job *job = op->keeper.job; /* it may be forgotten at once */
    registry_list_ended(registry, op);
    job_end(job);
    return 0;
}

struct restoring {
    struct registry *registry;
    struct auth *auth;
    bool takes_anonymous;
};

/* The users may be others than when it was accepted. */
static bool is_user(void *ctx, const char *name)
{
    const struct restoring *restoring = ctx;
    if (!restoring->auth)
        return true;
    return *name ? auth_has(restoring->auth, name) : restoring->takes_anonymous;
}

static void take_back(void *ctx, const struct accepted *a)
{
    struct registry *registry = ((struct restoring *)ctx)->registry;
    struct operation *op = make_operation(a);
    const struct job_owner owner = { .user = op->user, .client = op->client };
    int error;

    op->registry = registry;
    pthread_mutex_lock(&registry->mutex);
    if (a->ended_ms) {
        error = list_ended(registry, op, a);
    } else {
        error = job_submit(registry->engine, &registry_operation_kind, op, operation_lane(op->request),
                           &owner, &op->keeper);
        if (!error)
            registry_list_running(registry, op);
    }
    pthread_mutex_unlock(&registry->mutex);
    if (error) {
        log_error("%s %s is not taken up again: %s", op->method, op->target, strerror(error));
        operation_free(op);
    }
}

int registry_restore(struct registry *registry, struct dav *dav, struct auth *auth, bool takes_anonymous)
{
    struct restoring restoring = { .registry = registry, .auth = auth, .takes_anonymous = takes_anonymous };
    const struct accepted_heir heir = { .take = take_back, .is_user = is_user, .ctx = &restoring };

    return accepted_restore(dav, &heir);
}
