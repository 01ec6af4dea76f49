/*
 * One look at a time: where a disk does not answer one worker waits for it, not one more every second.
 */
#include "src/health.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "src/log.h"

struct health {
    struct alarm alarm; /* first: what ring() gets */
    struct job_engine *engine;
    const struct shares *shares;
    atomic_bool is_looking;
    atomic_int error;          /* found by the last look */
    _Atomic int64_t looked_ms; /* when that ended */
};

static void tell(int error, const struct share *share)
{
    if (error)
        log_error("%s or its state cannot be used: %s", share->root, strerror(error));
    else
        log_info("folders and states can be used again");
}

static void look(void *item)
{
    struct health *health = item;
    const struct share *share = NULL;
    int error = 0;

    for (unsigned i = 0; i < health->shares->count && !error; i++) {
        share = &health->shares->list[i];
        error = dav_check(share->dav);
    }
    if (error != atomic_exchange(&health->error, error))
        tell(error, share);
    atomic_store(&health->looked_ms, timer_now_ms());
}

static void release(void *item)
{
    atomic_store(&((struct health *)item)->is_looking, false);
}

static const struct job_kind look_kind = { .run = look, .release = release };

/* On the timer's thread. */
static int64_t ring(struct alarm *alarm)
{
    static const struct job_owner nobody = { .user = "", .client = "" };
    struct health *health = (struct health *)alarm;
    struct job_waiter waiter = { .done = NULL };

    if (!atomic_exchange(&health->is_looking, true)) {
        if (job_submit(health->engine, &look_kind, health, JOB_SHORT, &nobody, &waiter) == 0)
            job_leave(&waiter);
        else
            release(health);
    }
    return timer_now_ms() + HEALTH_EVERY_MS;
}

int health_open(struct job_engine *engine, const struct shares *shares, struct health **out)
{
    struct health *health = calloc(1, sizeof *health);

    if (!health)
        return ENOMEM;
    health->alarm.ring = ring;
    health->engine = engine;
    health->shares = shares;
    atomic_store(&health->looked_ms, timer_now_ms());
    *out = health;
    return 0;
}

void health_close(struct health *health)
{
    free(health);
}

struct alarm *health_alarm(struct health *health)
{
    return &health->alarm;
}

bool health_is_good(const struct health *health)
{
    return atomic_load(&health->error) == 0 &&
           timer_now_ms() - atomic_load(&health->looked_ms) < HEALTH_STALE_MS;
}
