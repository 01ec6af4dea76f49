/*
 * The count holds the operation, so that its request is there until it has ended.
 */
#include "src/counting.h"

#include <stdlib.h>

struct counting {
    struct job_waiter waiter, hold;
    struct operation *operation;
};

static void run(void *item)
{
    struct counting *counting = item;
    dav_count(counting->operation->request, &counting->operation->is_over);
}

static void release(void *item)
{
    struct counting *counting = item;
    job_leave(&counting->hold);
    free(counting);
}

static const struct job_kind counting_kind = { .run = run, .release = release };

void counting_start(struct job_engine *engine, struct operation *op)
{
    const struct job_owner owner = { .user = op->user, .client = op->client };

    if (op->is_counted || !op->request || !atomic_load(&op->is_running) || job_waiting(engine, JOB_LONG))
        return; /* nobody is to wait for a count; later, perhaps */
    op->is_counted = true;
    if (!dav_has_unknown_total(op->request))
        return;
    struct counting *counting = calloc(1, sizeof *counting);
    if (!counting)
        abort();
    counting->operation = op;
    job_join(op->keeper.job, &counting->hold);
    if (job_submit(engine, &counting_kind, counting, JOB_LONG, &owner, &counting->waiter) != 0)
        release(counting);
    else
        job_leave(&counting->waiter);
}
