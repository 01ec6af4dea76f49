/*
 * What a PROPFIND asks for (RFC 4918 9.1, 14.20): its body as an array of properties.
 *
 * A live property is an item by its number, anything else by name. Each has its empty element ready, for the list of
 * those not found. These elements together are bounded, as every response repeats them and a short body
 * can ask for many in one long namespace.
 *
 * Clients send the same few bodies for ever, so what the last ones asked is kept, by their very bytes
 * (asked_recall, asked_keep), with the outlines of the answers (responder.h).
 *
 * Life: asked_read makes one, the caller adds the outlines; from then on it never changes. Counted references:
 * one from asked_read and each asked_recall, given back by asked_release. Threads: any; the store has
 * a mutex. Errors: asked_read has answered the request when it returns NULL.
 */
#ifndef HOLDFAST_ASKED_H
#define HOLDFAST_ASKED_H

#include <stdatomic.h>

#include "webdav/outline.h"
#include "webdav/props.h"

enum asked_kind { ASKED_PROP, ASKED_ALLPROP, ASKED_PROPNAME };

struct asked_item {
    enum live_prop live;     /* LIVE_NONE: a dead property, or none at all */
    const char *ns, *name;   /* of a dead one */
    size_t empty, empty_len; /* where its empty element is in `names` */
    bool is_optional;        /* implied by allprop: not missed where a resource has none */
};

struct asked {
    enum asked_kind kind;
    struct asked_item *items;
    size_t item_count;
    struct buffer names;        /* the items' empty elements */
    bool wants_dead;            /* the dead properties must be read */
    bool wants_rights;          /* DAV:current-user-privilege-set */
    bool wants_locks;           /* DAV:lockdiscovery is among the items */
    struct outline outlines[2]; /* of a file, of a collection: [is_collection] */

    /* asked.c's own */
    apr_pool_t *pool;
    atomic_uint references;
    const char *body;
    size_t body_size;
};

/* From the body of the request. An empty one is allprop (RFC 4918 9.1); elements that we do not know are
 * passed over (17). NULL after having replied. */
struct asked *asked_read(struct dav_request *r);
void asked_release(struct asked *asked);

struct asked_store;
struct asked_store *asked_store_open(void);
void asked_store_close(struct asked_store *store);

/* What such a body asked before; NULL: not known. */
struct asked *asked_recall(struct asked_store *store, const struct buffer *body);

/* Only what is small is kept, in the place of another. */
void asked_keep(struct asked_store *store, struct asked *asked);

#endif
