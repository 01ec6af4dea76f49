/*
 * How far a long operation is, and the wish that it end.
 *
 * Owned by the job (or by a test), handed down by pointer to whatever walks or copies. The worker
 * adds to the counters, anybody reads them, anybody may ask to stop: all members are atomics and
 * need no lock. A layer that notices `stop` gives up with ECANCELED and leaves nothing behind.
 */
#ifndef HOLDFAST_PROGRESS_H
#define HOLDFAST_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
    atomic_uint_fast64_t members_done, members_total; /* total 0 = not known */
    atomic_uint_fast64_t bytes_done, bytes_total;
    atomic_bool stop;
};

static inline bool progress_is_stopped(const struct progress *progress)
{
    return atomic_load_explicit(&progress->stop, memory_order_relaxed);
}

static inline void progress_stop(struct progress *progress)
{
    atomic_store_explicit(&progress->stop, true, memory_order_relaxed);
}

static inline void progress_add(struct progress *progress, uint64_t members, uint64_t bytes)
{
    atomic_fetch_add_explicit(&progress->members_done, members, memory_order_relaxed);
    atomic_fetch_add_explicit(&progress->bytes_done, bytes, memory_order_relaxed);
}

#endif
