/*
 * WebDAV without HTTP: what src/ needs to know of webdav/.
 *
 * A request comes in as a method name, a request target, headers and body chunks; a reply goes out
 * as a status, headers and a body. Nothing here knows sockets, libmicrohttpd, heartbeats or jobs.
 *
 * Life of a request
 *   dav_request_new    from the head of the request; parses and refuses nothing yet
 *   dav_begin          everything that the headers alone decide; if r->reply.status is set
 *                      afterwards, that is the answer and the body need not be read
 *   dav_body ...       body chunks; a refusal is remembered and answered by dav_run
 *   dav_is_quick       may dav_run be called on a connection thread? (no walk, sync or wait in it)
 *   dav_run            does the work; r->reply is complete afterwards and never changes again
 *   dav_cleanup        if dav_has_cleanup: removes what the operation put aside. After the reply
 *                      has been handed on; may take long
 *   dav_request_free   whenever nobody needs the reply any more
 *
 * Threads. One thread at a time per request, and a hand-over between threads is the caller's to
 * synchronise. After dav_run the reply may be read by any thread while dav_cleanup runs in another.
 * dav_request_new, dav_begin, dav_body and quick dav_runs happen on connection threads, the rest on
 * workers. struct dav is shared by all and locks inside.
 *
 * Ownership. A request has its own root pool, so that it can outlive the connection it came from.
 * Everything in the reply belongs to the request, but for the descriptor of a file body and the
 * stream: whoever sends the reply takes these (sets fd to -1, stream to NULL) or leaves them to
 * dav_request_free.
 *
 * Errors. dav_open returns errno and a message; requests have no error but their reply.
 */
#ifndef HOLDFAST_DAV_H
#define HOLDFAST_DAV_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fs/fs.h"
#include "fs/progress.h"
#include "webdav/buffer.h"

#define DAV_LENGTH_UNKNOWN UINT64_MAX

struct access;
struct dav;
struct dav_method;

/* What no setting goes beyond. */
#define DAV_XML_DEPTH_MAX 200           /* the tree is walked by functions that call themselves */
#define DAV_PROPERTY_MAX  (1024 * 1024) /* of all dead ones of a resource together */
#define DAV_LOCKS_MAX     100000        /* in all */

/* What requests may ask of us; 0 in any of them is its default. */
struct dav_limits {
    uint64_t property;       /* bytes of a dead property, as it is kept; more is 507 for it */
    unsigned properties;     /* dead ones of a resource; likewise */
    unsigned xml_elements;   /* comments and processing instructions count too; more is 413 */
    unsigned xml_depth;      /* likewise */
    unsigned user_locks;     /* that one user has at once; more is 403 */
    unsigned resource_locks; /* shared ones on one URL; likewise */
};

#define DAV_LIMITS_DEFAULT                                                                                   \
    {                                                                                                        \
        .property = 1024 * 1024, .properties = 1000, .xml_elements = 10000, .xml_depth = 100,                \
        .user_locks = 10000, .resource_locks = 100                                                           \
    }

struct dav_config {
    const char *prefix;    /* start: of all URIs (uri.h), at most URI_PREFIX_MAX bytes; NULL = "" */
    const char *state_dir; /* start: where the state database lives; made if missing; NULL: in memory */
    bool read_only;        /* every changing method is 403 */
    bool leads_on; /* read-only itself, but there is more below, which may be locked: class 2 all the same */
    bool can_log_in;      /* there are names: nobody, who may not, is asked for one (401) */
    bool finite_depth;    /* PROPFIND Depth: infinity is 403 propfind-finite-depth */
    bool trust_forwarded; /* X-Forwarded-Host/Proto say what the client called us */
    bool sync_state;      /* start: fsync each change of the state database */
    uint64_t max_upload;  /* bytes of a PUT body; 0 = no limit */
    uint64_t min_free;    /* bytes that uploads and copies leave free; less is 507; 0 = none */
    size_t max_xml;       /* bytes of an XML body */
    struct dav_limits limits;
    const char *mime_file; /* start; NULL: /etc/mime.types */
};

/* Opens the state database (creates it, loads the locks), and puts right what of a crash clients would see.
 * The fs stays the caller's, who closes it after dav_close. On failure *out_message, in `pool`, is one
 * line for the operator. */
int dav_open(apr_pool_t *pool, struct fs *fs, const struct dav_config *config, struct dav **out,
             const char **out_message);
void dav_close(struct dav *dav);

/* For requests from now on; what is marked with "start" is not looked at again. The config and what it refers to are
 * the caller's, and must stay as they are until dav_close: requests that came before go on with theirs. Any thread. */
void dav_set_config(struct dav *dav, const struct dav_config *config);

/* The rules (access.h) from now on, for requests, operations and listings that begin; takes them over, and frees those before. NULL:
 * none. Any thread. */
void dav_set_access(struct dav *dav, struct access *access);

/* Can requests be served: is the folder there, and can the state be written to? errno; EROFS is none where --read-only
 * was given. Waits for disks: on a worker. */
int dav_check(struct dav *dav);

/* How many locks there are. Quick; any thread. */
size_t dav_lock_count(const struct dav *dav);

/* What a crash left and nobody sees: how many hidden names. The result is the first errno met while the rest
 * was put right: something may still be missing under its name, and the next start tries again. */
int dav_leftovers(const struct dav *dav, unsigned *out_count);

/* Removes them, beside requests. One thread; may take as long as the trees are large. When stopped the
 * next start goes on with it. */
void dav_purge_leftovers(struct dav *dav, struct progress *progress);

/* ---- replies ---- */

enum dav_body_kind { DAV_NO_BODY, DAV_BUFFER, DAV_FILE, DAV_STREAM };

/* A body that is made while it is sent. */
struct dav_stream {
    uint64_t length; /* or DAV_LENGTH_UNKNOWN */
    /* Appends the next piece to `out` and returns 0; *out_done is set when there is no more (that
     * piece included). An errno breaks the connection off, so that the client knows that the answer
     * is not whole. Runs on a worker: may block, and should return after some 256 KiB or 100 ms. */
    int (*fill)(struct dav_stream *stream, struct buffer *out, bool *out_done);
    void (*close)(struct dav_stream *stream);
    /* An XML document: between two pieces white space may go out, once the first is out. That one comes
     * at once and begins with MULTISTATUS_DECLARATION (multistatus.h). */
    bool is_xml;
};

struct dav_reply {
    int status; /* 0 = no reply yet */
    apr_table_t *headers;
    enum dav_body_kind kind;
    const char *data; /* DAV_BUFFER */
    size_t size;
    int fd; /* DAV_FILE: a part of this descriptor */
    uint64_t offset, length;
    struct dav_stream *stream;
    bool is_content;   /* what somebody put into the folder; else it is our own */
    bool close;        /* the connection must not be used again (framing in doubt) */
    const char *limit; /* that it met: the name of its option; NULL: none */
};

/* ---- requests ---- */

/* The pool of a request to come, from the allocator that all of them share. It may become one of another dav's. */
apr_pool_t *dav_pool_new(struct dav *dav);

struct dav_head {
    apr_pool_t *pool; /* of dav_pool_new: holds all below and becomes the request's; NULL: all is copied */
    const char *method;
    const char *target;   /* raw, as on the request line: "/a%20b", "http://h/a", "*" */
    apr_table_t *headers; /* repeated headers as repeated entries */
    const char *user;     /* "" = anonymous */
    bool tls;
    bool has_body; /* a body is announced (Content-Length > 0 or Transfer-Encoding) */
};

struct dav_request;

struct dav_request *dav_request_new(struct dav *dav, const struct dav_head *head);
void dav_begin(struct dav_request *r);
void dav_body(struct dav_request *r, const void *data, size_t len);
bool dav_is_quick(const struct dav_request *r);
/* Walks or copies a tree: may keep a worker busy for a long time. */
bool dav_is_long(const struct dav_request *r);
/* Publishes a body that is large enough for its sync to take a while. */
bool dav_is_upload(const struct dav_request *r);
void dav_run(struct dav_request *r);
bool dav_has_cleanup(const struct dav_request *r);
void dav_cleanup(struct dav_request *r);
void dav_request_free(struct dav_request *r);

struct dav_reply *dav_request_reply(struct dav_request *r);
struct dav *dav_of(const struct dav_request *r);

/* Counts what the operation has done. */
struct progress *dav_request_progress(struct dav_request *r);

/* A copy of a tree does not know how much it has to do. dav_count finds out, on a worker of its own beside
 * dav_run, and sets the totals of the progress at the end, unless it is stopped or in_vain first. */
bool dav_has_unknown_total(const struct dav_request *r);
void dav_count(struct dav_request *r, const atomic_bool *in_vain);

/* ---- giving up ---- */

enum dav_stop_reason { DAV_STOP_SERVER, DAV_STOP_CANCELLED, DAV_STOP_TIMEOUT, DAV_STOP_NO_SPACE };

/* Asks the operation to give up, not its cleanup. It does so as long as nothing is published, and the
 * reply says why: 503 with Retry-After, 409, 503 without, 507. After that it goes on to its end and the reply
 * is as if nobody had asked. The first reason counts. A stream is given up by closing it. Any thread. */
void dav_request_cancel(struct dav_request *r, enum dav_stop_reason why);

/* The server is about to end: the operation gives up (DAV_STOP_SERVER), and its cleanup too, whenever it
 * comes; what that would have removed is left for recovery. Any thread. */
void dav_request_stop(struct dav_request *r);

/* ---- what is asked, and of what (identity.c, trace.c) ---- */

/* Does the method write? False for one that we do not know. */
bool dav_changes(const struct dav_request *r);

/* May two requests that ask for the very same thing be served by one run? COPY, MOVE, DELETE and PUT. Never
 * LOCK, which would give one exclusive token to two clients, nor MKCOL, which clients use as a mutex: of
 * two that make the same collection exactly one must hear 201. */
bool dav_is_joinable(const struct dav_request *r);

/* After dav_begin, refused or not; on the request's thread. Two requests with the same key ask for the very
 * same thing, but for the body: however each spells the URIs, names (NFC and NFD) and headers, and whatever
 * is at the paths now, since a repeated MOVE finds no source any more. (Where both normal forms of a
 * name exist they are two things, and have two keys.) NULL: the method does not write, or the head is refused
 * for what no resource has to do with. Text in the request's pool. */
const char *dav_request_key(struct dav_request *r);

/* Canonical paths in their stored spelling, NULL where there is none (also a Destination that was not looked
 * at, as the request was refused before); they live as long as the request. Any thread after dav_begin. */
struct dav_paths {
    const char *path, *dest;
};
struct dav_paths dav_request_paths(const struct dav_request *r);

/* Does `r` change what `other` changes, or something in or around it? A COPY changes its destination only; a lock
 * changes nothing. Any thread after dav_begin of both. */
bool dav_overwrites(const struct dav_request *r, const struct dav_request *other);

/* Likewise what `other` changes or reads: the source of a COPY too. */
bool dav_touches(const struct dav_request *r, const struct dav_request *other);

/* One of its paths as href, without a slash at its end. */
const char *dav_request_href(const struct dav_request *r, apr_pool_t *pool, const char *path);

/* What is at path and dest now: stat and dead properties of the names themselves, not of their members, nor
 * of what a link leads to. Equal traces (memcmp) say that nobody has touched either in between; what cannot
 * be looked at gives a trace that equals no other. After dav_run; any thread, also beside dav_cleanup;
 * may wait for the disk: a stat and the reading of an attribute for each. */
#define DAV_TRACE_WORDS 20
struct dav_trace {
    uint64_t words[DAV_TRACE_WORDS];
};
void dav_request_trace(const struct dav_request *r, struct dav_trace *out);

/* After dav_run: appends the reply as the content of a 207 whose head, and XML declaration, are on their way
 * already. A 207 is given as it is; of another reply status, condition and text are told in the response of
 * the request's path. False, and nothing appended, for DAV_STREAM: the caller sends it on, less its
 * MULTISTATUS_DECLARATION. Any thread, also beside dav_cleanup. */
bool dav_request_multistatus(const struct dav_request *r, struct buffer *out);

#endif
