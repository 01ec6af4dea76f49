/*
 * A small file goes out in one piece with its head: one system call and one packet less.
 */
#include "src/reply.h"

#include <stdlib.h>
#include <unistd.h>

#define SMALL_FILE (8 * 1024)

static struct MHD_Response *read_small_file(const struct dav_reply *reply)
{
    char *data = malloc(reply->length);
    if (data && pread(reply->fd, data, reply->length, (off_t)reply->offset) == (ssize_t)reply->length)
        return MHD_create_response_from_buffer(reply->length, data, MHD_RESPMEM_MUST_FREE);
    free(data);
    return NULL;
}

static struct MHD_Response *send_file(struct dav_reply *reply)
{
    struct MHD_Response *response = reply->length <= SMALL_FILE ? read_small_file(reply) : NULL;
    if (response)
        return response;
    response = MHD_create_response_from_fd_at_offset64(reply->length, reply->fd, reply->offset);
    if (response)
        reply->fd = -1;
    return response;
}

static struct MHD_Response *send_stream(struct dav_reply *reply, const struct reply_context *context)
{
    struct dav_stream *stream = reply->stream;
    reply->stream = NULL;
    return outflow_open(&context->source, stream, context->bytes, context->outflow);
}

static struct MHD_Response *make_body(struct dav_reply *reply, const struct reply_context *context)
{
    *context->bytes = 0;
    switch (reply->kind) {
    case DAV_FILE:
        *context->bytes = reply->length;
        if (reply->length)
            return send_file(reply);
        break;
    case DAV_STREAM:
        return send_stream(reply, context);
    case DAV_BUFFER:
        *context->bytes = reply->size;
        return MHD_create_response_from_buffer(reply->size, (void *)(uintptr_t)reply->data,
                                               MHD_RESPMEM_PERSISTENT);
    case DAV_NO_BODY:
        break;
    }
    return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
}

static int add_header(void *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
    return 1;
}

struct MHD_Response *reply_response(struct dav_reply *reply, const struct reply_context *context)
{
    struct MHD_Response *response = make_body(reply, context);
    if (!response)
        return NULL;
    /* libmicrohttpd would end a body of unknown length with its last chunk for HEAD as well. */
    if (reply->kind == DAV_STREAM && context->is_head)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    browser_add_headers(response, reply, context->active);
    apr_table_do(add_header, response, reply->headers, NULL);
    if (reply->close || context->closes)
        MHD_add_response_header(response, "Connection", "close");
    return response;
}
