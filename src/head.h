/*
 * The head of a request as it came: what src/ itself must know of it, before WebDAV does.
 *
 * Life: filled once, when libmicrohttpd has read the head; strings live in the pool given. Threads: the
 * connection's.
 */
#ifndef HOLDFAST_HEAD_H
#define HOLDFAST_HEAD_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "src/addresses.h"

#define HEAD_SWALLOW_CHUNKED_MAX (64 * 1024 * 1024) /* of a refused body whose length was not told */

struct head {
    const char *method, *target; /* target: as on the request line */
    const char *agent;           /* User-Agent; NULL: none */
    const char *referer;         /* likewise */
    const char *client;     /* who asks, through whatever trusted proxies: numeric address; "" if unknown */
    struct address address; /* the same; :: if unknown */
    apr_table_t *headers;   /* repeated ones as repeated entries */
    size_t size;            /* of all of it, in bytes */
    bool http_1_1;          /* not 1.0 */
    bool has_body;          /* one is announced */
    bool expects_something; /* whatever it is, the body may not come before an answer */
    bool is_framing_odd;    /* where the body ends is anybody's guess */
};

/* What X-Forwarded-For says is believed of the proxies that are `trusted`. If there are any, what others say in
 * X-Forwarded-Host and X-Forwarded-Proto is not even passed on. */
void head_read(struct head *head, apr_pool_t *pool, struct MHD_Connection *connection, const char *method,
               const char *target, const char *version, const struct address_list *trusted);

/* Its method changes nothing; one that we do not know might. */
bool head_only_reads(const struct head *head);

/* Is a body that nobody wants to be left unread? Then the answer goes out at once and the connection
 * ends with it. Else it is read and thrown away, so that the connection lives on. */
bool head_leaves_body(const struct head *head);

/* The other side of the connection, proxy or not; false if it has no address. */
bool head_peer(struct MHD_Connection *connection, struct address *out);

#endif
