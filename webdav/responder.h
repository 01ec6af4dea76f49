/*
 * Writes the responses of a listing, one per resource.
 *
 * What is asked was worked out before (asked.h); what then happens per entry is one pass over it, and no allocation
 * unless dead properties are read or locks lie near. An entry that has neither is written along an outline
 * (outline.h). A resource whose properties and locks are too much for one response is told with
 * 507 in its place.
 *
 * Life: responder_init, entries in the order of a walk (what members of a directory share is worked out
 * once, as long as they come one after the other), responder_release. Threads: one at a time. Owns its memory;
 * `dav` and `asked` are the caller's and outlive it. Errors: an overflow of the buffer, or of `href`.
 */
#ifndef HOLDFAST_RESPONDER_H
#define HOLDFAST_RESPONDER_H

#include "webdav/asked.h"
#include "webdav/locks.h"

#define RESPONSE_MAX (3 << 20) /* bytes of one response */

struct responder {
    struct dav *dav;
    const struct asked *asked;
    apr_pool_t *scratch; /* of one response */
    bool *missing;       /* which items are, in the response being written */

    /* Of the directory that the last entry was in. */
    bool has_parent;
    struct buffer parent; /* its path */
    struct buffer href;   /* of the last entry; the directory's part is kept */
    size_t href_prefix;
    struct lock_hint locked; /* which of its members may be */
};

struct response_entry {
    const char *path;
    const struct fs_stat *st;
    enum access_right right; /* at the path */
    struct fs_dir *dir;      /* where its dead properties are, under `name`; NULL: not known yet */
    const char *name;
};

void responder_init(struct responder *responder, struct dav *dav, const struct asked *asked,
                    apr_pool_t *pool);
void responder_release(struct responder *responder);

void responder_write(struct responder *responder, const struct response_entry *entry, struct buffer *out);

/* Only a status, in the place of what cannot be told. */
void responder_fail(struct responder *responder, const char *path, bool is_collection, int status,
                    struct buffer *out);

/* The outlines of the answers, for everybody who asks the same. */
void responder_outline(struct asked *asked);

#endif
