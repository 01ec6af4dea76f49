/*
 * Work that must not happen on a connection thread: bounded queues, a few workers, and those who wait
 * for the result.
 *
 * The engine knows nothing of HTTP or WebDAV: an item is opaque and described by a job_kind. What
 * run() found out lives in the item.
 *
 * Life of a job
 *   job_submit   queues the item with its first waiter; from here the job owns the item
 *   job_join     one more waiter, as long as another one is there
 *   run          on a worker, once. Cannot fail; it should end soon once stop() was called
 *   done         each waiter is told, on the worker, in its waiter's callback
 *   after        if has_after says so: in the lane for trees, behind the result
 *   release      when run and after have ended and the last waiter has left
 * A waiter stays until job_leave, also after done: while it stays the item lives, so the answer can
 * be sent from it. A waiter that leaves early is not told; the job goes on without it.
 *
 * A job that no worker runs (it is done elsewhere, bit by bit) is live from job_begin until somebody
 * calls job_end; all the rest is the same.
 *
 * Lanes. What takes a few system calls, what waits for a disk to keep a small change or to take an upload, what
 * walks or copies trees, what burns time on purpose (password hashes), and notes in the state database that
 * somebody waits for each have workers and a queue of their own: however many of one kind there are, none keeps
 * another kind waiting. Within a lane the order is fair
 * between the owners, and of uploads and long work one worker is left to owners that have nothing running
 * there (src/fairqueue.h). What is done after counts for its job's owner, but never has that worker.
 *
 * Threads. One mutex in the engine guards queues, waiters and states; run, after and release are
 * called without it, has_after, stop and waiter callbacks with it: these must be short and must not
 * call job_*.
 *
 * Errors. Submitting to a full or stopped engine fails, and the item stays the caller's. A queue is full
 * for a user who has half of it waiting, and for everybody when nothing more goes in.
 */
#ifndef HOLDFAST_JOB_H
#define HOLDFAST_JOB_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct job_engine;

enum job_lane { JOB_SHORT, JOB_CHANGE, JOB_UPLOAD, JOB_LONG, JOB_VERIFY, JOB_NOTE, JOB_LANES };

struct job_lane_size {
    unsigned workers; /* at least 1 */
    unsigned queue_max;
    int niceness; /* of its threads, above the process's: who may work for long lets others go first */
};

/* Whose turn a job takes. "" is nobody in particular: an anonymous user, or our own work. The strings are
 * copied. */
struct job_owner {
    const char *user;
    const char *client;
    unsigned
        waiting_max; /* of this owner's jobs in the lane, beside what its queue allows; 0: no such bound */
};

struct job_kind {
    void (*run)(void *item);       /* not used by job_begin */
    bool (*has_after)(void *item); /* may be NULL: no */
    void (*after)(void *item);
    void (*release)(void *item); /* may be NULL */
    void (*stop)(void *item);    /* asks run and after to end soon; from any thread; may be NULL */
};

/* Embedded in whatever waits; zeroed before use. */
struct job_waiter {
    void (*done)(struct job_waiter *waiter); /* NULL: it only holds the item, or asks */
    struct job *job;                         /* NULL when not waiting */
    struct job_waiter *next, **previous;
};

/* EAGAIN if threads cannot be had. */
int job_engine_open(const struct job_lane_size sizes[JOB_LANES], struct job_engine **out);

/* EDQUOT: waiting_max is met; EAGAIN: the lane's queue is full, for this owner or for all; ECANCELED: the engine is
 * stopping. */
int job_submit(struct job_engine *engine, const struct job_kind *kind, void *item, enum job_lane lane,
               const struct job_owner *owner, struct job_waiter *waiter);

/* A job that takes no worker and no place in a queue; waiter->job is what job_end wants. EAGAIN: no memory;
 * ECANCELED: the engine is stopping. kind->stop must lead to a job_end, by another thread. */
int job_begin(struct job_engine *engine, const struct job_kind *kind, void *item, struct job_waiter *waiter);

/* What job_begin began is done: the waiters are told. From any thread, once; the job may be gone when it
 * returns, unless the caller's own waiter is still there. What is to be done after counts for nobody. */
void job_end(struct job *job);

/* One more waiter, which is told only if the job is not done yet: look at job_is_done afterwards. The job
 * must exist: the caller has, or knows of, a waiter that will not leave meanwhile. */
void job_join(struct job *job, struct job_waiter *waiter);

bool job_is_done(const struct job_waiter *waiter);

/* The waiter's share in the item ends. Nothing happens if it was not waiting. */
void job_leave(struct job_waiter *waiter);

/* So many jobs of one user run at once in each of the lanes for operations, at most; 0: as many as there are workers.
 * From now on; what runs goes on. */
void job_engine_set_running_max(struct job_engine *engine, unsigned running_max);

/* How busy a lane is: what waits in it, and how many are at work on it. */
unsigned job_waiting(struct job_engine *engine, enum job_lane lane);
unsigned job_lane_workers(const struct job_engine *engine, enum job_lane lane);

/* Waits until no job is left, those that clean up behind their answer included, or the deadline on
 * CLOCK_MONOTONIC is over: false. New ones are still accepted. */
bool job_engine_drain(struct job_engine *engine, int64_t deadline_ms);

/* Refuses new jobs, asks all running and queued ones to stop, and waits until every one has ended
 * (queued ones are run all the same, so that each waiter gets an answer; begun ones end by job_end) or
 * the deadline, on CLOCK_MONOTONIC, is over. False if some are still running: then the engine must not be closed. */
bool job_engine_stop(struct job_engine *engine, int64_t deadline_ms);

/* After job_engine_stop returned true. */
void job_engine_close(struct job_engine *engine);

#endif
