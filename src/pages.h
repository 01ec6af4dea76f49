/*
 * The server's own URL space, /.holdfast/: what a request there asks for, and the answers.
 *
 *   /.holdfast/jobs         GET: the caller's operations
 *   /.holdfast/jobs/ID      GET: one of them; DELETE: stops it; ?form=owncloud: ownCloud's job status
 *   /.holdfast/health       whether all is well (gate.h)
 *   /.holdfast/metrics      what the server counts (gate.h)
 *   /.holdfast/slow?...     the diagnostic operation (slow.h), with --diagnostics
 *
 * JSON, or a page for those who would rather have text/html. Somebody else's operation is 404.
 *
 * Threads: any; replies live in the pool given.
 */
#ifndef HOLDFAST_PAGES_H
#define HOLDFAST_PAGES_H

#include "src/head.h"
#include "src/registry.h"
#include "webdav/dav.h"

enum page_kind { PAGE_NONE, PAGE_JOBS, PAGE_JOB, PAGE_SLOW, PAGE_HEALTH, PAGE_METRICS };

struct page {
    enum page_kind kind;
    const char *id; /* of a job */
};

/* PAGE_NONE: the target is in the folder, or a name that is reserved but nothing (webdav/ answers both). */
struct page page_find(apr_pool_t *pool, const char *target, bool has_diagnostics);

/* The answer to a request for PAGE_JOBS or PAGE_JOB. */
struct dav_reply *page_answer(struct registry *registry, apr_pool_t *pool, const struct page *page,
                              const struct head *head, const char *user);

/* 202 for an operation that goes on (RFC 7240 4.1), or as ownCloud's OC-LazyOps has it. */
struct dav_reply *page_accepted(struct registry *registry, apr_pool_t *pool, struct operation *op,
                                bool is_lazy);

/* Does the request only read? */
bool page_is_read(const struct head *head);

/* What else there is to do with it: 405, or the answer to OPTIONS. */
struct dav_reply *page_not_allowed(apr_pool_t *pool, const char *allow, const struct head *head);

/* A line of text. */
struct dav_reply *page_text(apr_pool_t *pool, int status, const char *text);

#endif
