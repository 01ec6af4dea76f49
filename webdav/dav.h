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
#include <stdbool.h>
#include <stdint.h>

#include "fs/fs.h"
#include "webdav/buffer.h"

#define DAV_LENGTH_UNKNOWN UINT64_MAX

struct dav;
struct dav_method;

struct dav_config {
    const char *state_dir; /* where the state database lives; made if missing */
    bool read_only;        /* every changing method is 403 */
    bool finite_depth;     /* PROPFIND Depth: infinity is 403 propfind-finite-depth */
    bool trust_forwarded;  /* X-Forwarded-Host/Proto say what the client called us */
    bool sync_state;       /* fsync each change of the state database */
    uint64_t max_upload;   /* bytes of a PUT body; 0 = no limit */
    size_t max_xml;        /* bytes of an XML body */
    const char *mime_file; /* NULL: /etc/mime.types */
};

/* Opens the state database (creates it, loads the locks), purges what a crash left behind. The fs
 * stays the caller's, who closes it after dav_close. On failure *out_message, in `pool`, is one
 * line for the operator. */
int dav_open(apr_pool_t *pool, struct fs *fs, const struct dav_config *config, struct dav **out,
             const char **out_message);
void dav_close(struct dav *dav);

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
    bool close; /* the connection must not be used again (framing in doubt) */
};

/* ---- requests ---- */

/* The pool of a request to come, from the allocator that all of them share. */
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

/* Counts what the operation has done; its stop flag makes the operation give up: 503, nothing changed. */
struct progress *dav_request_progress(struct dav_request *r);

/* Nothing keeps this client's connection alive until dav_run has ended: a listing is then a stream from
 * the start, and what may be slow in it is done by the stream. Between dav_begin and dav_run. */
void dav_request_hurry(struct dav_request *r);

/* The server is about to end: the operation gives up, and its cleanup too, whenever it comes; what that
 * would have removed is left for recovery. Any thread. */
void dav_request_stop(struct dav_request *r);

#endif
