/*
 * Looks after the room that copies leave while they run (--min-free).
 *
 * How much a tree will take nobody knows beforehand: counting it costs a walk, and what is shared with the
 * source, or a hole, takes nothing. So a thread looks at the file system five times a second while copies run,
 * and stops those that would leave less than is to stay free (DAV_STOP_NO_SPACE).
 *
 * Life: spacewatch_open, any number of entries between spacewatch_begin and spacewatch_end (on their caller's
 * stack), spacewatch_close. The thread is made with the first entry and sleeps while there is none. A file
 * system that does not answer keeps the thread, nobody else.
 *
 * Any thread. Errors: errno from spacewatch_open; without a thread copies run unwatched.
 */
#ifndef HOLDFAST_SPACEWATCH_H
#define HOLDFAST_SPACEWATCH_H

#include "webdav/request.h"

struct spacewatch;

struct spacewatch_entry {
    struct dav_request *request;
    uint64_t id;
    struct spacewatch_entry *next;
};

int spacewatch_open(struct dav *dav, struct spacewatch **out);
void spacewatch_close(struct spacewatch *watch);

/* The request is making something at its destination. Not while it is freed. */
void spacewatch_begin(struct spacewatch *watch, struct dav_request *r, struct spacewatch_entry *entry);

/* Afterwards the request is not stopped by us any more; it may have been. */
void spacewatch_end(struct spacewatch *watch, struct spacewatch_entry *entry);

#endif
