/*
 * The limits of src/ itself, as the operator set them; those of webdav/ are in struct dav_limits (webdav/dav.h).
 * docs/operating.md has the table of all, with what happens over each.
 *
 * Life and threads: part of struct options. Units in the names; bytes where there is none. 0 is "by itself" where
 * it says so, else a limit that is not there.
 */
#ifndef HOLDFAST_LIMITS_H
#define HOLDFAST_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webdav/dav.h"

struct head;

#define LIMITS_FIELD       64  /* what each header counts for beside its bytes: libmicrohttpd's note of it */
#define LIMITS_ANSWER_ROOM 872 /* in the memory of a connection, beside the head: for that of the answer */

struct limits {
    unsigned connections;             /* 0: half of the descriptors */
    unsigned connections_per_address; /* 0: LIMITS_PER_ADDRESS, or a quarter of all; loopback has none */
    uint64_t header;       /* of a request, up to the empty line, and LIMITS_FIELD for each header */
    uint64_t url;          /* the request target as it was sent */
    uint64_t xml;          /* of a body */
    unsigned running_jobs; /* of a user, of each kind; 0: as many as there are workers */
    unsigned queued_jobs;  /* likewise; 0: half of the queue */
    int64_t idle_ms;       /* without a request, or without any progress */
    int64_t head_ms;       /* from the first byte, or the accept, to the end of the head */
    uint64_t body_rate;    /* bytes per second at least, once head_ms have gone by; 0: any */
    struct dav_limits dav;
};

#define LIMITS_PER_ADDRESS 256

/* How many connections there may be, with so many descriptors for all. */
unsigned limits_connections(const struct limits *limits, uint64_t descriptors);

/* ... of one address, of `all`. */
unsigned limits_per_address(const struct limits *limits, unsigned all);

/* Does the head of a request keep to its limits? NULL: yes; else the limit's name, and the status for it. */
const char *limits_head(const struct limits *limits, const struct head *head, int *out_status);

/* libmicrohttpd refuses by itself what does not fit into the memory of a connection: which limit was it, by the line
 * that it logs? NULL: none. */
const char *limits_of_daemon(const char *line);

#endif
