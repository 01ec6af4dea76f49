/*
 * The acceptance holds the operation, so that its request is there until it has ended.
 */
#include "src/acceptance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/log.h"
#include "src/registry.h"
#include "webdav/accepted.h"

struct acceptance {
    struct job_waiter hold;
    struct operation *operation;
};

static void run(void *item)
{
    struct operation *op = ((struct acceptance *)item)->operation;
    const struct accepted_name name = { .id = op->id,
                                        .client = op->client,
                                        .key = op->key,
                                        .idempotency_key = registry_idempotency_key(op->registry, op),
                                        .started_ms = op->started_unix_ms };
    int error = accepted_note(op->request, &name);
    if (error && error != EALREADY)
        log_warning("an operation cannot be accepted, its client waits for the result: %s", strerror(error));
}

static void release(void *item)
{
    job_leave(&((struct acceptance *)item)->hold);
    free(item);
}

static void run_cancel(void *item)
{
    struct operation *op = ((struct acceptance *)item)->operation;
    int error = accepted_cancel(op->request);
    if (error)
        log_warning("that %s %s was cancelled cannot be noted: %s", op->method, op->target, strerror(error));
}

static const struct job_kind acceptance_kind = { .run = run, .release = release };
static const struct job_kind cancel_kind = { .run = run_cancel, .release = release };

static int start(struct job_engine *engine, const struct job_kind *kind, struct operation *op,
                 struct job *job, struct job_waiter *waiter)
{
    const struct job_owner owner = { .user = op->user, .client = op->client };
    struct acceptance *acceptance = calloc(1, sizeof *acceptance);

    if (!acceptance)
        abort();
    acceptance->operation = op;
    job_join(job, &acceptance->hold);
    int error = job_submit(engine, kind, acceptance, JOB_NOTE, &owner, waiter);
    if (error)
        release(acceptance);
    return error;
}

int acceptance_start(struct job_engine *engine, struct operation *op, struct job *job,
                     struct job_waiter *waiter)
{
    return start(engine, &acceptance_kind, op, job, waiter);
}

void acceptance_cancel(struct job_engine *engine, struct operation *op, struct job *job)
{
    struct job_waiter nobody = { .done = NULL };

    if (op->request && start(engine, &cancel_kind, op, job, &nobody) == 0)
        job_leave(&nobody);
}
