/*
 * Is the server fit to serve? For /.holdfast/health, which load balancers and supervisors ask, every few seconds.
 *
 * Who asks does not wait for a disk: a worker looks at folders and state databases every HEALTH_EVERY_MS, and the answer
 * is what it found last. A look that does not come to an end, because a disk does not answer or nobody is free to look, is
 * an answer as well, after HEALTH_STALE_MS. The log has a line when that changes, with what is wrong; strangers
 * are told no more than that something is.
 *
 * Life: health_open, after that its alarm is set; health_close when timer and engine are gone. Threads: health_is_good from any.
 */
#ifndef HOLDFAST_HEALTH_H
#define HOLDFAST_HEALTH_H

#include <stdbool.h>

#include "src/job.h"
#include "src/shares.h"
#include "src/timer.h"

#define HEALTH_EVERY_MS 1000
#define HEALTH_STALE_MS 30000

struct health;

/* ENOMEM. Engine and shares must stay. */
int health_open(struct job_engine *engine, const struct shares *shares, struct health **out);
void health_close(struct health *health); /* NULL is fine */

struct alarm *health_alarm(struct health *health);

bool health_is_good(const struct health *health);

#endif
