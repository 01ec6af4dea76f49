/*
 * Who is next: the waiting jobs of one lane, fair between users and between the clients of one user.
 *
 * Order. Among users who have something waiting, the one with the fewest jobs running here comes first;
 * among equals they take turns. The user's clients take turns too; a client's own jobs are first in,
 * first out. So ten thousand jobs of one client delay another client by one job, not by ten thousand.
 *
 * The reserve. With has_reserve and two workers or more, one worker is left to clients that have nothing
 * running here; the others take whatever is next. Background work never gets the reserve, and a client
 * whose job has it gets no second worker unless the reserve stays free then. So no client holds all the
 * workers, and nor does background work; but both always have the other workers' turns and cannot starve.
 *
 * Room. At most waiting_max entries wait, and of one user at most half of them (rounded up): alone it
 * can fill the queue for nobody else. The user "" is nobody in particular and may fill it all.
 * Background entries are never refused, but count.
 *
 * Life. Entries are embedded in what waits: add, take, and, when the work has ended, end. A client is
 * remembered from its first add until its last end; nothing is kept of those who have nothing here.
 * Names are copied; of a longer one the first FAIRQUEUE_NAME_MAX bytes count.
 *
 * Cost. add, take and end are O(log n) in users and clients present, plus one glance per worker.
 *
 * Threads. None of its own and no lock: the caller's mutex.
 */
#ifndef HOLDFAST_FAIRQUEUE_H
#define HOLDFAST_FAIRQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define FAIRQUEUE_NAME_MAX 255

struct fairqueue;
struct fairqueue_flow; /* what one client of one user has here */

struct fairqueue_entry {
    struct fairqueue_entry *next;
    struct fairqueue_flow *flow; /* from add to end */
    uint64_t ticket;             /* its place in the order of arrival */
};

/* ENOMEM. */
int fairqueue_open(unsigned workers, unsigned waiting_max, bool has_reserve, struct fairqueue **out);

/* Everything that was added must have ended. NULL is accepted. */
void fairqueue_close(struct fairqueue *queue);

/* EDQUOT: own_max of this user (of "": of this client) wait already; 0: that is no bound. EAGAIN: no room, for this user
 * or at all, or no memory. */
int fairqueue_add(struct fairqueue *queue, const char *user, const char *client, unsigned own_max,
                  struct fairqueue_entry *entry);

/* So many of one user run at once, at most; 0: as many as there are workers. "" is nobody in particular and not bound. */
void fairqueue_set_running_max(struct fairqueue *queue, unsigned running_max);

/* In the name of flow, which may belong to another queue; NULL: of nobody. If there is no memory it is
 * nobody's as well, so it cannot fail. To be called before flow's own end. */
void fairqueue_add_background(struct fairqueue *queue, const struct fairqueue_flow *flow,
                              struct fairqueue_entry *entry);

/* For a worker that is free: what it should do. NULL: nothing now, or only what is not for the reserve. */
struct fairqueue_entry *fairqueue_take(struct fairqueue *queue);

/* True if a free worker would get something. */
bool fairqueue_is_ready(struct fairqueue *queue);

/* What was taken has ended; flow is what its entry's was when it was taken. */
void fairqueue_end(struct fairqueue *queue, struct fairqueue_flow *flow);

unsigned fairqueue_waiting(const struct fairqueue *queue);

#endif
