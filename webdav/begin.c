/*
 * What the head of a request decides alone, before a byte of the body is read.
 *
 * One check per function, in an order that matters twice: doubts about the framing come first,
 * since they end the connection whatever else is wrong, and what costs system calls comes last.
 * A check that refuses has answered and returns false.
 */
#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/path.h"
#include "webdav/method.h"
#include "webdav/rights.h"
#include "webdav/uri.h"

/* Headers where a second value is an attack or a mistake, never a list. */
static const char *const single_headers[] = {
    "Host",       "Content-Length",   "Transfer-Encoding", "Expect",
    "Depth",      "Destination",      "Overwrite",         "If",
    "Range",      "If-Range",         "If-Modified-Since", "If-Unmodified-Since",
    "Timeout",    "Lock-Token",       "Content-Range",     "X-Expected-Entity-Length",
    "X-OC-Mtime", "X-Forwarded-Host", "Content-Type",      "Authorization",
};

/* Framing and conditions, which must not get lost: none of them makes sense without a value. */
static const char *const never_empty[] = {
    "Content-Length", "Transfer-Encoding", "If-Match", "If-None-Match", "If", "Overwrite",
    "Depth",          "Destination",
};

#define SINGLE_COUNT (sizeof single_headers / sizeof single_headers[0])

static void refuse_framing(struct dav_request *r, int status, const char *text)
{
    reply_error(r, status, "%s", text);
    r->reply.close = true;
}

/* Most names differ in their first letter: comparing each header with each name took a sixth of a small request. */
static bool may_begin(const char *header, const char *name)
{
    return ((*header ^ *name) & ~0x20) == 0;
}

static bool is_header(const char *header, const char *name)
{
    return may_begin(header, name) && strcasecmp(header, name) == 0;
}

/* Marks in `seen` which of the headers are there; the first one met twice, or NULL. */
static const char *find_repeated(const apr_table_t *headers)
{
    const apr_array_header_t *fields = apr_table_elts(headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)(const void *)fields->elts;
    bool seen[SINGLE_COUNT] = { false };

    for (int i = 0; i < fields->nelts; i++) {
        for (size_t j = 0; j < SINGLE_COUNT; j++) {
            if (!is_header(field[i].key, single_headers[j]))
                continue;
            if (seen[j])
                return single_headers[j];
            seen[j] = true;
        }
    }
    return NULL;
}

/* RFC 9112 5.2: the parser below us adds a folded line to the name of the header instead of its value, so
 * that "Content-Length:", folded, "5" becomes a header Content-Length5. No header that there is begins with
 * one of these, but for If; and what may follow that cannot be in a name. */
static bool is_folded(const char *name)
{
    for (size_t i = 0; i < sizeof never_empty / sizeof never_empty[0]; i++) {
        if (!may_begin(name, never_empty[i]))
            continue;
        size_t len = strlen(never_empty[i]);
        if (strcmp(never_empty[i], "If") != 0 && strncasecmp(name, never_empty[i], len) == 0 && name[len])
            return true;
    }
    return false;
}

/* RFC 9112 5.1: a blank before the colon is a way to hide a header from the proxy before us. The
 * parser below us leaves it in the name, and does not look at the name's other bytes. */
static bool check_names(struct dav_request *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)(const void *)fields->elts;

    for (int i = 0; i < fields->nelts; i++) {
        const char *name = field[i].key;
        size_t len = 0;
        while (isalnum((unsigned char)name[len]) || (name[len] && strchr("!#$%&'*+-.^_`|~", name[len])))
            len++;
        if (!len || name[len] || is_folded(name)) {
            refuse_framing(r, 400, "A header is folded, or its name has a character that it must not have.");
            return false;
        }
    }
    return true;
}

static bool is_never_empty(const char *name)
{
    for (size_t i = 0; i < sizeof never_empty / sizeof never_empty[0]; i++)
        if (is_header(name, never_empty[i]))
            return true;
    return false;
}

/* RFC 9112 2.2: to the proxy before us a lone CR may have ended the line. RFC 9110 5.5. */
static bool check_values(struct dav_request *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)(const void *)fields->elts;

    for (int i = 0; i < fields->nelts; i++) {
        if (!strpbrk(field[i].val, "\r\n"))
            continue;
        refuse_framing(r, 400,
                       apr_psprintf(r->pool, "The header %s has the end of a line in it.", field[i].key));
        return false;
    }
    return true;
}

static bool check_empty(struct dav_request *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)(const void *)fields->elts;

    for (int i = 0; i < fields->nelts; i++) {
        if (field[i].val[strspn(field[i].val, " \t")] || !is_never_empty(field[i].key))
            continue;
        refuse_framing(r, 400, apr_psprintf(r->pool, "The header %s is empty.", field[i].key));
        return false;
    }
    return true;
}

/* What remains repeated is one list (RFC 9110 5.3). */
static bool check_repeated(struct dav_request *r)
{
    const char *name = find_repeated(r->headers);

    if (name) {
        refuse_framing(r, 400, apr_psprintf(r->pool, "The header %s is there twice.", name));
        return false;
    }
    apr_table_compress(r->headers, APR_OVERLAP_TABLES_MERGE);
    return true;
}

/* RFC 3986 3.2.2, 3.2.3: what a host and a port are made of. An empty one is allowed (RFC 9112 3.2). */
static bool check_host(struct dav_request *r)
{
    const char *host = request_header(r, "Host");

    while (host && (isalnum((unsigned char)*host) || (*host && strchr("-._~!$&'()*+,;=%:[]", *host))))
        host++;
    if (!host || !*host)
        return true;
    refuse_framing(r, 400, "The header Host has a character that no host has.");
    return false;
}

static bool parse_length(const char *text, uint64_t *out)
{
    char *end;

    if (!isdigit((unsigned char)*text)) /* strtoull takes signs and blanks */
        return false;
    errno = 0;
    unsigned long long length = strtoull(text, &end, 10);
    if (errno || *end || length > INT64_MAX)
        return false;
    *out = length;
    return true;
}

/* RFC 9112 6.1, 6.3: whoever sends both framings, or one that we do not read as the proxy before us
 * does, may be hiding a second request in the body. */
static bool check_framing(struct dav_request *r)
{
    const char *encoding = request_header(r, "Transfer-Encoding");
    const char *length = request_header(r, "Content-Length");

    if (encoding && length) {
        refuse_framing(r, 400, "Content-Length and Transfer-Encoding exclude each other.");
        return false;
    }
    if (encoding && strcasecmp(encoding, "chunked") != 0) {
        refuse_framing(r, 501, "The only Transfer-Encoding that we read is chunked.");
        return false;
    }
    if (length && !parse_length(length, &r->content_length)) {
        refuse_framing(r, 400, "Content-Length is not a number.");
        return false;
    }
    if (encoding)
        r->content_length = DAV_LENGTH_UNKNOWN;
    return true;
}

static bool check_method(struct dav_request *r)
{
    r->method = method_find(r->method_name);
    if (!r->method)
        reply_error(r, 501, "This server does not know that method.");
    return r->method != NULL;
}

/* An upload that does not say how long it is has no body; but its framing may also have been lost on the
 * way, and then what comes next is not a request. */
static bool check_upload(struct dav_request *r)
{
    if (r->method->body == BODY_UPLOAD && !request_header(r, "Content-Length") &&
        !request_header(r, "Transfer-Encoding"))
        r->reply.close = true;
    return true;
}

/* The target as path; NULL for "*" (RFC 9112 3.2.4). */
static bool check_target(struct dav_request *r)
{
    const struct uri_self self = request_self(r);
    const char *path;

    if (strcmp(r->target, "*") == 0) {
        if (strcmp(r->method->name, "OPTIONS") == 0)
            return true;
        reply_error(r, 400, "The target * is for OPTIONS alone.");
        return false;
    }
    int err = uri_to_path(r->pool, uri_merge_slashes(r->target), &self, &path, &r->slash);
    if (err == EXDEV) { /* and Host says otherwise */
        reply_error(r, 400, "The request target is on another server, or elsewhere on this one.");
    } else if (err == EINVAL) {
        reply_error(r, 400, "The request target is not a path that a file can have.");
    } else if (err) {
        reply_errno(r, err, ROLE_SUBJECT);
    } else {
        r->path = r->asked = path;
    }
    return r->path != NULL;
}

static bool check_reserved(struct dav_request *r)
{
    if (!r->path || !path_is_reserved(r->path))
        return true;
    reply_error(r, r->method->writes ? 403 : 404, "This name is the server's own.");
    return false;
}

/* RFC 9110 10.1.1. An empty list expects nothing. */
static bool check_expect(struct dav_request *r)
{
    const char *expect = request_header(r, "Expect");

    if (!expect || !*expect)
        return true;
    if (strcasecmp(expect, "100-continue") != 0) {
        reply_error(r, 417, "The only expectation that we meet is 100-continue.");
        /* The client waits for something; whether the body will come nobody knows. */
        r->reply.close |= r->has_body;
        return false;
    }
    /* It is about to send a body, and has not said where it ends: an empty file is not what it wants. */
    if (r->method->body == BODY_UPLOAD && !request_header(r, "Content-Length") &&
        !request_header(r, "Transfer-Encoding")) {
        reply_error(r, 411, "An upload needs Content-Length or Transfer-Encoding: chunked.");
        r->reply.close = true;
        return false;
    }
    return true;
}

static bool check_read_only(struct dav_request *r)
{
    if (!r->method->writes || !r->config->read_only)
        return true;
    reply_error(r, 403, "This is served read-only: nothing can be changed here.");
    return false;
}

/* An empty chunked body is fine for everybody (some libraries send it with every method); whether
 * it is empty, dav_body will see. */
static bool check_body(struct dav_request *r)
{
    const struct dav_config *config = r->config;
    bool is_known = r->content_length != DAV_LENGTH_UNKNOWN;
    const char *limit = "max-upload";
    uint64_t max = 0;

    if (!r->has_body || !is_known)
        return true;
    if (r->method->body == BODY_NONE) { /* RFC 4918 8.4 */
        reply_error(r, 415, "%s takes no body.", r->method->name);
        return false;
    }
    if (r->method->body == BODY_UPLOAD) {
        max = config->max_upload;
    } else if (r->method->body == BODY_XML) {
        max = config->max_xml;
        limit = "max-xml";
    }
    if (!max || r->content_length <= max)
        return true;
    reply_limit(r, 413, limit, "The body is larger than %" PRIu64 " bytes.", max);
    return false;
}

static bool check_if(struct dav_request *r)
{
    const char *text = request_header(r, "If");

    if (!text || ifheader_parse(r->pool, text, &r->if_header) == 0)
        return true;
    reply_error(r, 400, "The If header is malformed or too long."); /* RFC 4918 10.4.2 */
    return false;
}

static int look_up(struct dav_request *r)
{
    if (r->method->opens) {
        int err = fs_open(r->dav->fs, r->path, &r->fd, &r->st);
        if (err != EISDIR)
            return err;
    }
    return fs_stat(r->dav->fs, r->path, &r->st);
}

static bool check_spelling(struct dav_request *r)
{
    int err = path_find(r->dav->fs, r->path, r->pool, &r->path);

    if (err)
        reply_errno(r, err, ROLE_SUBJECT);
    return !err;
}

/* Looks up what is at the path. */
static bool check_resource(struct dav_request *r)
{
    int err = look_up(r);

    if (err && err != ENOENT && err != ENOTDIR) {
        reply_errno(r, err, ROLE_SUBJECT);
        return false;
    }
    r->exists = !err;
    if (r->exists)
        r->found = thing_of(&r->st);
    return true;
}

/* A URL with a slash at its end names a collection. We never redirect (FIELD C3), and a file is not
 * to be had under two names: it is not there. MKCOL is told that the name is taken. */
static bool check_slash(struct dav_request *r)
{
    if (!r->slash || !r->exists || r->st.type == FS_DIR || !(r->method->allowed_on & ON_FILE))
        return true;
    if (r->method->body == BODY_UPLOAD)
        reply_error(r, 409, "A file's URL does not end in a slash.");
    else
        reply_error(r, 404, "There is no collection here.");
    return false;
}

static bool check_allowed(struct dav_request *r)
{
    if (method_is_allowed(r))
        return true;
    method_not_allowed(r);
    return false;
}

void dav_begin(struct dav_request *r)
{
    static bool (*const checks[])(struct dav_request *) = {
        check_names,    check_values, check_empty,     check_repeated, check_host,
        check_framing,  check_method, check_upload,    check_target,   rights_check_name,
        check_reserved, check_expect, check_read_only, check_body,     check_if,
    };
    static bool (*const resource_checks[])(struct dav_request *) = {
        rights_make_home,   check_spelling, rights_check_place, check_resource,
        rights_check_found, check_slash,    check_allowed,
    };

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (!checks[i](r))
            return;
    r->is_sound = true;
    for (size_t i = 0; r->path && i < sizeof resource_checks / sizeof resource_checks[0]; i++)
        if (!resource_checks[i](r))
            return;
    if (r->method->begin)
        r->method->begin(r);
}
