/*
 * Limits that were met: a line for the operator and a count for whoever asks.
 *
 * Who meets a limit may do so a thousand times a second, so each limit gets one line at once and then one per
 * LIMITLOG_EVERY_MS at most, which says how many were not told. The access log has a line for each all the same.
 *
 * Life: none, from the first call on. Threads: any, no lock. A limit is the name of its option; one that is
 * not in the table is a mistake of ours.
 */
#ifndef HOLDFAST_LIMITLOG_H
#define HOLDFAST_LIMITLOG_H

#include <stdint.h>

#define LIMITLOG_EVERY_MS 10000

/* `limit`: "max-url"; `client`: its numeric address; NULL or "": not known. */
void limitlog_met(const char *limit, const char *client);

/* How often each was met; index from 0. NULL: there are no more. */
const char *limitlog_count(unsigned index, uint64_t *out_count);

#endif
