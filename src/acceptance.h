/*
 * Noting an operation so that it outlives the process, before its client is told 202.
 *
 * That waits for the disk, so it is a job of its own, in a lane of its own: neither a slow disk below the folder
 * nor a busy worker keeps a 202 from being sent. Whether it was noted is told by accepted_is_noted.
 */
#ifndef HOLDFAST_ACCEPTANCE_H
#define HOLDFAST_ACCEPTANCE_H

#include "src/operation.h"

/* `job` is the operation's, held by a waiter of the caller's; `waiter` is told when it was noted, or could not be.
 * EAGAIN, ECANCELED: as job_submit. */
int acceptance_start(struct job_engine *engine, struct operation *op, struct job *job,
                     struct job_waiter *waiter);

/* That it is cancelled is noted too: if the server dies now, the next one does not do it. Nobody waits for that. */
void acceptance_cancel(struct job_engine *engine, struct operation *op, struct job *job);

#endif
