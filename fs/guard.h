/*
 * One writer at a time per path, and per tree.
 *
 * Between checking a condition (If-Match, locks, does it exist) and acting on it nothing may
 * change. A worker that is about to publish takes a guard on the paths it changes, checks, acts
 * and gives the guard back. Two guards conflict if a path of one is the same as, above or below
 * a path of the other. Guards are held for a few system calls, never for a walk or a body.
 *
 * First come, first served: a guard waits for those that came before it and conflict, held or
 * waiting, so a tree is not starved by small writers below it.
 *
 * Workers only (guard_take may wait). All paths of an operation are taken in one call, so there
 * is no order to get wrong; a thread holds at most one guard.
 */
#ifndef HOLDFAST_GUARD_H
#define HOLDFAST_GUARD_H

#define GUARD_PATHS 2

struct guard_table;

struct guard {
    const char *paths[GUARD_PATHS]; /* not copied: must stay valid while held; NULL = unused */
    struct guard *next;
};

int guard_table_open(struct guard_table **out);
void guard_table_close(struct guard_table *table);

/* Waits until no held guard conflicts. `second` may be NULL. */
void guard_take(struct guard_table *table, struct guard *guard, const char *first, const char *second);
void guard_release(struct guard_table *table, struct guard *guard);

#endif
