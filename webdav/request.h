/*
 * A request as the methods see it; private to webdav/.
 *
 * dav.c fills it in, method.h says what the methods do with it. Everything that is not said to be
 * somebody else's lives in `pool`.
 */
#ifndef HOLDFAST_WEBDAV_REQUEST_H
#define HOLDFAST_WEBDAV_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>

#include "fs/guard.h"
#include "fs/progress.h"
#include "fs/staging.h"
#include "fs/tree.h"
#include "webdav/accepted.h"
#include "webdav/access.h"
#include "webdav/dav.h"
#include "webdav/ifheader.h"
#include "webdav/status.h"
#include "webdav/thing.h"
#include "webdav/uri.h"

struct locks;
struct asked_store;
struct mime;
struct spacewatch;
struct noprops;
struct propstore;
struct recovery;
struct spares;
struct state;

struct dav {
    apr_pool_t *pool;           /* start and stop only */
    apr_allocator_t *allocator; /* of all requests' pools; with a mutex */
    struct fs *fs;
    const struct dav_config *_Atomic config; /* the newest: dav_set_config */
    const char *prefix;
    const char *base;      /* of all hrefs: the prefix, encoded */
    const char *root_name; /* of the collection there */
    struct state *state;
    struct locks *locks;
    struct guard_table *guards;
    struct journal *journal;
    struct recovery *recovery; /* of what a crash left */
    int recovery_error;        /* that it met before we served */
    struct mime *mime;
    struct spacewatch *spacewatch;
    struct asked_store *asked;
    struct spares *spares;
    struct noprops *noprops; /* may be NULL */
    struct propstore *propstore;
    pthread_rwlock_t access_lock; /* guards the rules */
    struct access *access;        /* NULL: there are none */
    atomic_bool has_access;
    atomic_uint access_turn; /* how often there were new ones */
};

/* accepted.c */
struct accepted_mark {
    pthread_mutex_t mutex;
    char id[ACCEPTED_ID_MAX + 1]; /* "": it is not noted; the following are guarded too */
    struct thing made;            /* what it was about to publish last */
    bool is_over;                 /* it has run */
    atomic_bool is_noted;
};

enum dav_depth { DEPTH_0, DEPTH_1, DEPTH_INFINITY };

struct dav_request {
    struct dav *dav;
    const struct dav_config *config; /* as it was when the request came */
    apr_pool_t *pool;
    const struct dav_method *method; /* NULL: unknown to us */
    const char *method_name;
    const char *target;
    const char *user;
    apr_table_t *headers;
    const struct access_view *view; /* what the user may do; NULL: everything */
    unsigned access_turn;           /* the rules that `view` is of, or earlier ones */
    bool tls;
    bool has_body;
    uint64_t content_length; /* of the request; DAV_LENGTH_UNKNOWN if chunked, 0 without body */

    bool is_sound;           /* nothing in the head was refused for itself alone */
    const char *asked;       /* the path as the target has it */
    const char *key;         /* once it was asked for */
    const char *path;        /* canonical, in its stored spelling; NULL for "*" */
    bool slash;              /* the target ended in a slash */
    enum access_right right; /* at the path (rights.h) */
    bool exists;             /* found by dav_begin; looked at again under the guard before acting */
    struct fs_stat st;
    struct thing found; /* what dav_begin found */
    int fd;             /* of a file that dav_begin opened (method.h); -1 if none or taken */

    /* Destination of COPY and MOVE, set by their begin() */
    const char *dest;
    bool dest_slash;
    struct thing dest_found;

    struct ifheader *if_header; /* parsed; NULL without If */

    struct buffer body;     /* XML bodies */
    struct staging *upload; /* PUT */
    bool body_refused;      /* reply is set, the rest of the body is ignored */
    void *state;            /* the method's own, in pool */

    struct trash *trash;      /* left for dav_cleanup */
    struct staging *leftover; /* what it replaced, or an abandoned copy, is removed by dav_cleanup */

    struct progress progress; /* of the operation */
    struct progress cleanup;  /* of what comes behind the answer */
    struct accepted_mark mark;
    atomic_int stop_reason; /* 0: none was given, else enum dav_stop_reason + 1 */
    struct dav_reply reply;
};

/* Who we are to this client, to know our own URIs by. */
struct uri_self request_self(const struct dav_request *r);

/* A canonical path as href, in the request's pool. */
const char *request_href(const struct dav_request *r, const char *path, bool is_collection);

/* The only value of a header; NULL if absent. Repeated ones are found and refused by dav_begin
 * (400) for all headers where only one value makes sense. */
const char *request_header(const struct dav_request *r, const char *name);

/* ---- answering; each sets r->reply and may be called once per request ---- */

void reply_status(struct dav_request *r, int status);

/* An error with one line of plain text that tells a person what is wrong. */
void reply_error(struct dav_request *r, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Likewise, because of a limit that has this name (dav_reply.limit). */
void reply_limit(struct dav_request *r, int status, const char *limit, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* An errno of fs/, met at a path in this role (status.h), as status and text, or as the condition that
 * says it. ECANCELED: why it was stopped. */
void reply_errno(struct dav_request *r, int error, enum status_role role);

/* Has somebody asked the operation to give up? Then true, after having replied so. To be asked one
 * last time before something is published, and not after. */
bool reply_if_stopped(struct dav_request *r);

/* A DAV:error body (RFC 4918 16). `hrefs` are canonical paths, NULL-terminated, or NULL. */
void reply_condition(struct dav_request *r, int status, enum dav_condition condition,
                     const char *const *hrefs);

/* 403 with need-privileges (RFC 3744 7.1.1): what is missing, and on what. */
void reply_need_privilege(struct dav_request *r, const char *path, bool is_collection, const char *privilege);

/* A complete body from memory that lives as long as the request's pool. */
void reply_buffer(struct dav_request *r, int status, const char *content_type, const void *data, size_t size);

void reply_header(struct dav_request *r, const char *name, const char *value);

/* Location of what was made at the path (RFC 9110 15.3.2), unless it is very long: the head of a request and that of
 * its answer share the memory of a connection, and an answer that does not fit would not come at all. */
void reply_location(struct dav_request *r, const char *path, bool is_collection);

/* ETag and Last-Modified of a resource. */
void reply_validators(struct dav_request *r, const struct fs_stat *st);

#endif
