/*
 * Requests that were answered with a 202: what was promised outlives the process.
 *
 * Life of such a request
 *   accepted_note        before the 202 leaves: it is written to the state database, with what it is about
 *   accepted_note_made   its method notes what it is about to publish (staging_set_note)
 *   accepted_cancel      its user does not want it any more: the next process will not do it
 *   accepted_end         after dav_run, before anybody hears of the result: that is written too
 *   accepted_forget      nobody may ask for the result any more
 * At the next start accepted_restore gives back all that were not forgotten: with their result; or, if they
 * had none, with what became of them; or to be run again, if nothing had been done yet.
 *
 * How that is told: a request is about one or two paths, and what was there when it began is noted as things
 * (thing.h). What it made is at its place, or what it moved is, or what it deleted is gone: it was done, and
 * the answer is made up. Both paths have what they had: it was not done, and is run again. Anything else: it
 * is not touched again, and the answer says so. An upload is never run again, since its body is gone.
 *
 * Kept are the headers that the methods of such requests look at, never credentials, not in their URIs either;
 * of a result's body at most ACCEPTED_BODY_MAX bytes.
 *
 * Threads: any, and they wait for the disk. accepted_note may be called beside dav_run. Errors: errno of the
 * state database; what could not be written is then not promised.
 */
#ifndef HOLDFAST_ACCEPTED_H
#define HOLDFAST_ACCEPTED_H

#include "webdav/dav.h"

#define ACCEPTED_BODY_MAX (64 * 1024)

/* What the caller knows of it. Strings are copied. */
struct accepted_name {
    const char *id; /* at most ACCEPTED_ID_MAX bytes */
    const char *client;
    const char *key, *idempotency_key; /* NULL: none */
    int64_t started_ms;                /* Unix time */
};

#define ACCEPTED_ID_MAX 63

/* EALREADY: it has run, or has been noted, or cancelled. */
int accepted_note(struct dav_request *r, const struct accepted_name *name);

/* Was it? Once it was it is. */
bool accepted_is_noted(const struct dav_request *r);

/* For staging_set_note; `ctx` is the request. */
struct fs_stat;
int accepted_note_made(void *ctx, const struct fs_stat *st);

/* After dav_request_cancel. Of one that was not noted, or has run, nothing is written. */
int accepted_cancel(struct dav_request *r);

/* Of one that was not noted nothing is written, and none can be afterwards; nor of one that failed since the
 * server ends: it is to be run again. */
int accepted_end(struct dav_request *r, int64_t ended_ms);

int accepted_forget(struct dav *dav, const char *const *ids, size_t count);

/* One of an earlier process. */
struct accepted {
    struct accepted_name name;   /* of one with a body the keys are left out: it cannot be told from others */
    struct dav_request *request; /* the caller's; all strings are in its pool */
    const char *user, *method, *target;
    int64_t ended_ms; /* Unix time; 0: it is to be run */
    bool is_news;     /* it is to be run, or what became of it was not known before: nobody has heard of it */
};

/* Who takes them. What was not done is run only for who still is one of the users. */
struct accepted_heir {
    void (*take)(void *ctx, const struct accepted *accepted);
    bool (*is_user)(void *ctx, const char *name);
    void *ctx;
};

/* Before anybody is served, but after dav_open; those that came first first. */
int accepted_restore(struct dav *dav, const struct accepted_heir *heir);

#endif
