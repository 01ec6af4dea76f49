/*
 * The ways of answering. A reply is set once and never changed: whoever has answered stops there,
 * and the assert in begin_reply says who did not.
 */
#include "webdav/request.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "webdav/etag.h"
#include "webdav/httpdate.h"
#include "webdav/multistatus.h"
#include "webdav/uri.h"

#define LOCATION_MAX   2048
#define ERROR_TEXT_MAX 512
#define RETRY_AFTER    "5"         /* seconds */
#define ERROR_BODY_MAX (64 * 1024) /* a DAV:error with a few hrefs */

const char *request_header(const struct dav_request *r, const char *name)
{
    return apr_table_get(r->headers, name);
}

struct uri_self request_self(const struct dav_request *r)
{
    const char *forwarded = r->config->trust_forwarded ? request_header(r, "X-Forwarded-Host") : NULL;

    return (struct uri_self){ .host = forwarded ? forwarded : request_header(r, "Host"),
                              .prefix = r->dav->prefix };
}

const char *request_href(const struct dav_request *r, const char *path, bool is_collection)
{
    return uri_from_path(r->pool, r->dav->base, path, is_collection);
}

static void begin_reply(struct dav_request *r, int status)
{
    assert(!r->reply.status);
    r->reply.status = status;
}

void reply_status(struct dav_request *r, int status)
{
    begin_reply(r, status);
    r->reply.kind = DAV_NO_BODY;
}

void reply_buffer(struct dav_request *r, int status, const char *content_type, const void *data, size_t size)
{
    begin_reply(r, status);
    r->reply.kind = DAV_BUFFER;
    r->reply.data = data;
    r->reply.size = size;
    reply_header(r, "Content-Type", content_type);
}

static void reply_text(struct dav_request *r, int status, const char *text)
{
    const char *line = apr_pstrcat(r->pool, text, "\n", NULL);

    reply_buffer(r, status, "text/plain; charset=utf-8", line, strlen(line));
}

static void reply_formatted(struct dav_request *r, int status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void reply_formatted(struct dav_request *r, int status, const char *format, va_list args)
{
    char text[ERROR_TEXT_MAX];

    vsnprintf(text, sizeof text, format, args);
    reply_text(r, status, text);
}

void reply_error(struct dav_request *r, int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reply_formatted(r, status, format, args);
    va_end(args);
}

void reply_limit(struct dav_request *r, int status, const char *limit, const char *format, ...)
{
    va_list args;

    r->reply.limit = limit;
    va_start(args, format);
    reply_formatted(r, status, format, args);
    va_end(args);
}

/* The only place where a stop becomes an answer: which one depends on who wanted it. */
static void reply_stopped(struct dav_request *r)
{
    int why = atomic_load(&r->stop_reason);

    switch (why ? (enum dav_stop_reason)(why - 1) : DAV_STOP_SERVER) {
    case DAV_STOP_CANCELLED:
        reply_text(r, 409, "The operation was cancelled; nothing was changed.");
        break;
    case DAV_STOP_TIMEOUT:
        reply_text(r, 503,
                   "The operation took longer than this server allows and was stopped; nothing was changed.");
        break;
    case DAV_STOP_NO_SPACE:
        reply_errno(r, ENOSPC, ROLE_DEST);
        break;
    case DAV_STOP_SERVER:
        reply_text(r, 503, status_explain(ECANCELED));
        reply_header(r, "Retry-After", RETRY_AFTER);
        break;
    }
}

bool reply_if_stopped(struct dav_request *r)
{
    if (!progress_is_stopped(&r->progress))
        return false;
    reply_stopped(r);
    return true;
}

void reply_errno(struct dav_request *r, int error, enum status_role role)
{
    if (error == ECANCELED) {
        reply_stopped(r);
        return;
    }
    int status = status_from_errno(error, role);
    enum dav_condition condition = condition_from_errno(error);

    if (condition)
        reply_condition(r, status, condition, NULL);
    else
        reply_text(r, status, status_explain(error));
    /* What stopped us was not the client's fault, and it may well go better the next time. */
    if (status == 503)
        reply_header(r, "Retry-After", RETRY_AFTER);
}

/* The hrefs of paths; a collection's has its slash. */
static const char *const *make_hrefs(const struct dav_request *r, const char *const *paths)
{
    size_t count = 0;

    while (paths[count])
        count++;
    const char **hrefs = apr_pcalloc(r->pool, (count + 1) * sizeof *hrefs);
    for (size_t i = 0; i < count; i++) {
        struct fs_stat st;
        bool is_dir = fs_stat(r->dav->fs, paths[i], &st) == 0 && st.type == FS_DIR;
        hrefs[i] = request_href(r, paths[i], is_dir);
    }
    return hrefs;
}

void reply_condition(struct dav_request *r, int status, enum dav_condition condition,
                     const char *const *hrefs)
{
    struct buffer body;

    buffer_init(&body, ERROR_BODY_MAX);
    multistatus_error(&body, condition, hrefs ? make_hrefs(r, hrefs) : NULL);
    reply_buffer(r, status, MULTISTATUS_TYPE, apr_pmemdup(r->pool, body.data, body.size), body.size);
    buffer_release(&body);
}

void reply_need_privilege(struct dav_request *r, const char *path, bool is_collection, const char *privilege)
{
    struct buffer body;

    buffer_init(&body, ERROR_BODY_MAX);
    multistatus_need_privilege(&body, request_href(r, path, is_collection), privilege);
    reply_buffer(r, 403, MULTISTATUS_TYPE, apr_pmemdup(r->pool, body.data, body.size), body.size);
    buffer_release(&body);
}

void reply_header(struct dav_request *r, const char *name, const char *value)
{
    apr_table_set(r->reply.headers, name, value);
}

void reply_location(struct dav_request *r, const char *path, bool is_collection)
{
    const char *uri = request_href(r, path, is_collection);

    if (strlen(uri) <= LOCATION_MAX)
        reply_header(r, "Location", uri);
}

void reply_validators(struct dav_request *r, const struct fs_stat *st)
{
    char etag[ETAG_SIZE], date[HTTPDATE_SIZE];

    etag_format(st, etag);
    httpdate_format(st->mtime_ns, date);
    reply_header(r, "ETag", etag);
    reply_header(r, "Last-Modified", date);
}
