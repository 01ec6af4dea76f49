/*
 * Which resources are known to have no dead properties: a listing then saves a system call for each of them.
 *
 * What is remembered is an inode at a time of change (st_ctime). Setting an attribute moves that time, so a resource
 * that has got properties since, from us or from anybody else, is not found any more. Clocks tick, and
 * a change within the tick of the one before would not show: only what has not changed for a while is remembered
 * (the rule by which version control systems trust their index).
 *
 * Life: one table of a fixed size (1 MiB, of which only what is used counts), from dav_open to dav_close. A new
 * entry takes the place of whatever was there: forgetting costs a system call, no more. Threads: any, without a
 * lock. No errors: out of memory, nothing is remembered and nothing known.
 */
#ifndef HOLDFAST_NOPROPS_H
#define HOLDFAST_NOPROPS_H

#include <stdbool.h>

#include "fs/fs.h"

struct noprops;

struct noprops *noprops_open(void);
void noprops_close(struct noprops *table);

/* Surely none as of this stat? `table` may be NULL: never. */
bool noprops_knows(const struct noprops *table, const struct fs_stat *st);

/* None were found, looking after the stat was taken. `now_ns`: the time of day then, or later. */
void noprops_remember(struct noprops *table, const struct fs_stat *st, int64_t now_ns);

#endif
