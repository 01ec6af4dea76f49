/*
 * A served folder in memory that is the same for each input: a file, a link and a collection, and no locks.
 *
 * Life: folder_open once per process, which closes it at its exit; folder_reset after each input, when no request is
 * under way. That also looks at what the requests left: an open handle, or a hidden name after dav_cleanup, is a
 * finding. A server of its own for each input would be cleaner, but opening the state database takes longer than
 * a hundred requests.
 *
 * Threads: one.
 */
#ifndef HOLDFAST_TESTS_FUZZ_FOLDER_H
#define HOLDFAST_TESTS_FUZZ_FOLDER_H

#include "tests/support/exchange.h"

struct exchange *folder_open(void);
void folder_reset(struct exchange *x);

#endif
