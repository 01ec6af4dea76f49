/*
 * Work that must not happen on a connection thread: a bounded queue, a few workers, and those who
 * wait for the result.
 *
 * The engine knows nothing of HTTP or WebDAV: an item is opaque and described by a job_kind. What
 * run() found out lives in the item.
 *
 * Life of a job
 *   job_submit   queues the item with its first waiter; from here the job owns the item
 *   run          on a worker, once. Cannot fail; it should end soon once stop() was called
 *   done         each waiter is told, on the worker, in its waiter's callback
 *   after        if has_after says so: in the lane for trees, behind the result
 *   release      when run and after have ended and the last waiter has left
 * A waiter stays until job_leave, also after done: while it stays the item lives, so the answer can
 * be sent from it. A waiter that leaves early is not told; the job goes on without it.
 *
 * Lanes. What takes a few system calls, what waits for a disk to take an upload, what walks or copies
 * trees, and what burns time on purpose (password hashes) each have workers and a queue of their own:
 * however many of one kind there are, none keeps another kind waiting.
 *
 * Threads. One mutex in the engine guards queues, waiters and states; run, after and release are
 * called without it, stop and waiter callbacks with it: these must be short and must not call job_*.
 *
 * Errors. Submitting to a full or stopped engine fails, and the item stays the caller's.
 */
#ifndef HOLDFAST_JOB_H
#define HOLDFAST_JOB_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct job_engine;

enum job_lane { JOB_SHORT, JOB_UPLOAD, JOB_LONG, JOB_VERIFY, JOB_LANES };

struct job_lane_size {
    unsigned workers; /* at least 1 */
    unsigned queue_max;
};

struct job_kind {
    void (*run)(void *item);
    bool (*has_after)(void *item); /* may be NULL: no */
    void (*after)(void *item);
    void (*release)(void *item); /* may be NULL */
    void (*stop)(void *item);    /* asks run and after to end soon; from any thread; may be NULL */
};

/* Embedded in whatever waits; zeroed before use. */
struct job_waiter {
    void (*done)(struct job_waiter *waiter);
    struct job *job; /* NULL when not waiting */
    struct job_waiter *next;
};

/* EAGAIN if threads cannot be had. */
int job_engine_open(const struct job_lane_size sizes[JOB_LANES], struct job_engine **out);

/* EAGAIN: the lane's queue is full; ECANCELED: the engine is stopping. */
int job_submit(struct job_engine *engine, const struct job_kind *kind, void *item, enum job_lane lane,
               struct job_waiter *waiter);

bool job_is_done(const struct job_waiter *waiter);

/* The waiter's share in the item ends. Nothing happens if it was not waiting. */
void job_leave(struct job_waiter *waiter);

/* Waits until no job is left, those that clean up behind their answer included, or the deadline on
 * CLOCK_MONOTONIC is over: false. New ones are still accepted. */
bool job_engine_drain(struct job_engine *engine, int64_t deadline_ms);

/* Refuses new jobs, asks all running and queued ones to stop, and waits until every one has ended
 * (queued ones are run all the same, so that each waiter gets an answer) or the deadline,
 * on CLOCK_MONOTONIC, is over. False if some are still running: then the engine must not be closed. */
bool job_engine_stop(struct job_engine *engine, int64_t deadline_ms);

/* After job_engine_stop returned true. */
void job_engine_close(struct job_engine *engine);

#endif
