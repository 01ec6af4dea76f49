/*
 * How many connections there are, in all and from each address, and whether there may be one more.
 *
 * An address of IPv6 is counted by its first ADDRESS_CLIENT_BITS: that is what one customer has.
 *
 * Life: conncount_open at the start, conncount_close when no connection is left. Who got a place gives it back
 * once. Threads: any, one mutex inside, a leaf. Errors: no memory for one more address refuses it.
 */
#ifndef HOLDFAST_CONNCOUNT_H
#define HOLDFAST_CONNCOUNT_H

#include "src/addresses.h"

struct conncount;

int conncount_open(struct conncount **out);
void conncount_close(struct conncount *count);

/* NULL: the place is taken. Else the name of the limit that is met: `all`, or `per_address`. */
const char *conncount_take(struct conncount *count, const struct address *address, unsigned all,
                           unsigned per_address);
void conncount_give_back(struct conncount *count, const struct address *address);

unsigned conncount_now(struct conncount *count);

#endif
