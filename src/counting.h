/*
 * Finding out how much a running operation has to do, for those who look at it (Progress, the job's page).
 *
 * Only what has lasted a while and copies a tree is counted, once, as a job of the same owner beside it.
 */
#ifndef HOLDFAST_COUNTING_H
#define HOLDFAST_COUNTING_H

#include "src/operation.h"

#define COUNTING_AGE_MS 1000 /* what ends before is not worth it */

/* With the registry's mutex held. Nothing happens where there is nothing to find out, or no room in the queue. */
void counting_start(struct job_engine *engine, struct operation *op);

#endif
