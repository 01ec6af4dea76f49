/*
 * The methods: one table says what each is, one file has each.
 *
 * begin() runs on a connection thread with nothing but the headers: it refuses early by calling a
 * reply function, or prepares (PUT opens its upload). run() does the work, on a worker unless
 * `quick`. Both find the request looked up: path, exists, st. Method-independent refusals have been
 * made before begin(): bad target, reserved names, repeated headers, malformed If, a body where none
 * is understood (415), read-only server.
 *
 * Allow for a resource, in OPTIONS and 405, is made from the same table.
 */
#ifndef HOLDFAST_METHOD_H
#define HOLDFAST_METHOD_H

#include "webdav/request.h"

enum body_kind {
    BODY_NONE,   /* a body is 415 */
    BODY_IGNORE, /* may be there, is not looked at (GET, HEAD, OPTIONS; RFC 9110 9.3.1) */
    BODY_XML,    /* collected in r->body, up to config.max_xml: 413 */
    BODY_UPLOAD, /* goes to r->upload as it comes */
};

/* Where a method is allowed. */
enum { ON_MISSING = 1, ON_FILE = 2, ON_COLLECTION = 4, ON_ROOT = 8 };

/* What a method changes. */
enum { CHANGES_PATH = 1, CHANGES_DEST = 2 };

struct dav_method {
    const char *name;
    enum body_kind body;
    unsigned allowed_on;
    bool writes;                          /* refused on a read-only server, guarded by locks */
    unsigned changes;                     /* whose content or binding; a lock changes neither */
    bool unbinds;                         /* takes its path away */
    bool joinable;                        /* the same request again may share its run: dav_is_joinable */
    bool quick;                           /* run() may be called on a connection thread */
    bool opens;                           /* a file is opened when it is looked up: r->fd */
    void (*begin)(struct dav_request *r); /* may be NULL */
    void (*run)(struct dav_request *r);
    bool (*is_quick)(const struct dav_request *r); /* may be NULL: `quick` decides */
    bool (*is_long)(const struct dav_request *r);  /* may be NULL: never */
};

/* By exact name (methods are case-sensitive); NULL if unknown. */
const struct dav_method *method_find(const char *name);

/* The value of Allow for what is (or is not) at the request's path; of everything for "*". */
const char *method_allow(const struct dav_request *r);

/* Is the request's method allowed on what is (or is not) at its path? */
bool method_is_allowed(const struct dav_request *r);

/* 405 with Allow (RFC 9110 15.5.6), or what says it better: 404 for nothing, 403 for the root. */
void method_not_allowed(struct dav_request *r);

void options_run(struct dav_request *r);
void get_run(struct dav_request *r);
void put_begin(struct dav_request *r);
bool put_body(struct dav_request *r, const void *data,
              size_t len); /* the next piece; false after having replied */
void put_run(struct dav_request *r);
void delete_begin(struct dav_request *r);
void delete_run(struct dav_request *r);
void mkcol_begin(struct dav_request *r);
void mkcol_run(struct dav_request *r);
void copymove_begin(struct dav_request *r);
void copy_run(struct dav_request *r);
void move_run(struct dav_request *r);
bool copymove_is_long(const struct dav_request *r);
void propfind_begin(struct dav_request *r);
void propfind_run(struct dav_request *r);
bool propfind_is_quick(const struct dav_request *r);
bool propfind_is_long(const struct dav_request *r);
void proppatch_begin(struct dav_request *r);
void proppatch_run(struct dav_request *r);
void lock_begin(struct dav_request *r);
void lock_run(struct dav_request *r);
void unlock_begin(struct dav_request *r);
void unlock_run(struct dav_request *r);

/* Of LOCK: the seconds that Timeout asks for, or the default. Of UNLOCK: the token, NULL if there is none. */
int64_t lock_timeout(const struct dav_request *r);
const char *unlock_token(const struct dav_request *r);

/* Header values that several methods take; each answers 400 itself and returns false on nonsense. */
bool method_depth(struct dav_request *r, enum dav_depth absent, enum dav_depth *out);
bool method_overwrite(struct dav_request *r, bool *out);

/* The same without an answer. */
bool method_read_depth(const struct dav_request *r, enum dav_depth absent, enum dav_depth *out);
bool method_read_overwrite(const struct dav_request *r, bool *out);

/* X-OC-Mtime, decimal seconds since 1970; false if it is absent or makes no sense (then it is as if
 * it were absent, and the answer does not say "accepted"). */
bool method_oc_mtime(const struct dav_request *r, int64_t *out_mtime_ns);

#endif
