/*
 * Every request with every single fault in it: is everything old or new afterwards?
 *
 * An ordeal is a request to a whole server (exchange.h) on the memory backend, with one failure at the
 * n-th call of something: of the file system, or of the state database. It is told where the failures come
 * from; the requests are in ordeal_requests.c. After each one:
 *   - no handle or descriptor is open that was not before,
 *   - files, properties and members are as before or as without the fault; they are as without it if the
 *     answer says so, and a 207 names the members that are missing. Of a MOVE to another file system that
 *     fails both may be there. Where names cannot be exchanged a thing may be gone until the restart, where
 *     there are no attributes its properties,
 *   - locks are as before, or as without it,
 *   - the status is the one for this error,
 *   - after a restart all that is still so, nothing of ours lies hidden anywhere,
 *   - and if the request has changed nothing, sent again it is answered as without the fault.
 * What is not so is printed and counted as lost.
 *
 * One thread.
 */
#ifndef HOLDFAST_TESTS_ORDEAL_H
#define HOLDFAST_TESTS_ORDEAL_H

#include <stdbool.h>

#include "tests/support/exchange.h"

/* Where faults come from. */
struct ordeal_fault {
    void (*arm)(struct exchange *x, unsigned nth, int error); /* the n-th call from now on fails, once */
    bool (*disarm)(struct exchange *x);                       /* has it? */
};

struct ordeal_request {
    const char *about;
    const char *method, *target;
    const char *headers; /* "%s": the token of the lock on `locked` */
    const char *body;
    int status;         /* without a fault */
    unsigned quirks;    /* of the file system (fs_mem.h) */
    const char *locked; /* somebody has locked this before; NULL: nobody anything */
    bool crosses;       /* from one file system to another */
};

extern const struct ordeal_request ordeal_requests[]; /* ends with a method that is NULL */

struct ordeal_count {
    unsigned requests, faults, lost;
    unsigned left; /* how often a name of ours was left for the restart */
};

/* All requests, with each of the errors (0: the end) at each call. */
void ordeal_run(const struct ordeal_fault *fault, const int *errors, struct ordeal_count *count);

#endif
