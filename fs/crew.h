/*
 * A few threads that help with large trees.
 *
 * Whoever works on a tree (a job's own thread) opens a party, and while he works gives away parts of it
 * that can be done apart: a subdirectory, a bundle of names. Helpers take what was given; before the end
 * the owner does himself what nobody has taken and waits for what is under way. So nothing depends on a
 * helper: with none, or all of them busy elsewhere, a tree takes longer, that is all.
 *
 * Why so: the threads that own the work are there anyway, one per running operation, and the crew adds
 * only what the processor has left: one long COPY cannot take more than the crew from the others, and
 * between two tasks every helper turns to the next party in turn. Giving is worth its price only when
 * somebody is free to take, so givers ask first (crew_wants, crew_is_idle: two loads, no lock) and go on
 * by themselves otherwise. Hence the tasks waiting are few, and so is what they hold open.
 *
 * Life. crew_open starts the threads: whoever calls it hands on its nice value, to which they add what all
 * work on trees has (niceness.h). They rest on a condition when there is nothing to do; crew_close ends them,
 * after the last party. A party lives on its owner's stack from crew_begin to crew_end; a task belongs to the
 * crew once given and to itself when run.
 *
 * Threads. crew_give and the questions may come from any thread that works for the party; the rest only
 * from its owner, who must not be one that his own tasks wait for. Tasks run without any lock held and may
 * give more tasks to their party.
 *
 * Errors. A thread that cannot be started is one helper less. Tasks keep their results to themselves.
 */
#ifndef HOLDFAST_CREW_H
#define HOLDFAST_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct crew;

struct crew_task {
    struct crew_task *next;
    void (*run)(struct crew_task *task); /* frees it in the end */
};

struct crew_party {
    struct crew *crew; /* NULL: nobody helps */
    struct crew_party *next;
    struct crew_task *first, **last;
    atomic_uint waiting;     /* tasks that nobody has taken */
    unsigned running;        /* tasks that helpers are at */
    atomic_bool owner_waits; /* and would rather do something */
    pthread_cond_t has_news; /* for the owner in crew_wait */
};

/* How many helpers are worth having for that many workers: no more threads than processors. */
unsigned crew_size(unsigned workers);

/* *out is NULL for none. ENOMEM. */
int crew_open(unsigned helpers, struct crew **out);
void crew_close(struct crew *crew);

void crew_begin(struct crew_party *party, struct crew *crew);

/* Is somebody there to take a task at once? */
bool crew_is_idle(const struct crew_party *party);

/* May a task be put aside, for a helper who will soon be free? */
bool crew_wants(const struct crew_party *party);

/* Only if one of the two said so. */
void crew_give(struct crew_party *party, struct crew_task *task);

/* Does or awaits all that was given: afterwards nobody is at work for the party but its owner. */
void crew_wait(struct crew_party *party);

/* After crew_wait. */
void crew_end(struct crew_party *party);

#endif
