/*
 * A reply told inside of a 207 that has begun before anybody knew it.
 *
 * The client sees the status where it looks for that of a member (RFC 4918 13): in a response whose href
 * is what it asked for. Uses no pool: several may want the same reply told at once.
 */
#include <string.h>

#include "webdav/multistatus.h"
#include "webdav/request.h"

#define ERROR_BEGIN MULTISTATUS_DECLARATION "<D:error"
#define TEXT_TYPE   "text/plain"

static bool has_type(const struct dav_reply *reply, const char *type)
{
    const char *value = apr_table_get(reply->headers, "Content-Type");

    return reply->kind == DAV_BUFFER && value && strncmp(value, type, strlen(type)) == 0;
}

static bool begins_with(const struct dav_reply *reply, const char *text)
{
    return reply->kind == DAV_BUFFER && reply->size >= strlen(text) &&
           memcmp(reply->data, text, strlen(text)) == 0;
}

/* The path as the target had it, slash and all; for one that is no path of ours the root must do. */
static void begin_response(const struct dav_request *r, struct buffer *out)
{
    char href[3 * (URI_PREFIX_MAX + FS_PATH_MAX) + 2];
    char *end = uri_put(href, r->dav->base, r->asked ? r->asked : "", r->slash);

    multistatus_response_begin(out, href, (size_t)(end - href));
}

/* RFC 4918 14.24: status, error, responsedescription. */
static void put_response(const struct dav_request *r, struct buffer *out)
{
    const struct dav_reply *reply = &r->reply;
    size_t declaration = strlen(MULTISTATUS_DECLARATION);

    begin_response(r, out);
    multistatus_response_status(out, reply->status);
    if (begins_with(reply, ERROR_BEGIN)) {
        buffer_append(out, reply->data + declaration, reply->size - declaration);
    } else if (has_type(reply, TEXT_TYPE)) {
        size_t len = reply->size;
        while (len && reply->data[len - 1] == '\n')
            len--;
        multistatus_response_description(out, reply->data, len);
    }
    multistatus_response_end(out);
}

bool dav_request_multistatus(const struct dav_request *r, struct buffer *out)
{
    const struct dav_reply *reply = &r->reply;
    size_t declaration = strlen(MULTISTATUS_DECLARATION);

    if (reply->kind == DAV_STREAM)
        return false;
    if (reply->status == 207 && begins_with(reply, MULTISTATUS_DECLARATION)) {
        buffer_append(out, reply->data + declaration, reply->size - declaration);
        return true;
    }
    multistatus_begin_inside(out);
    put_response(r, out);
    multistatus_end(out);
    return true;
}
