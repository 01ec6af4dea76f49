/*
 * GET and HEAD (RFC 9110 9.3, 13, 14): conditions first, then the range, then the descriptor.
 *
 * All that is said of a file comes from the descriptor that is sent, so that size, ETag and content
 * belong together although the file may be replaced at any moment.
 *
 * HEAD is answered as GET is; that the body is not sent is the server's affair.
 */
#include <apr_strings.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "fs/path.h"
#include "webdav/byteranges.h"
#include "webdav/digestfield.h"
#include "webdav/digeststore.h"
#include "webdav/etag.h"
#include "webdav/index.h"
#include "webdav/method.h"
#include "webdav/mime.h"

/* A page of members. It has no validators: a member that changes does not change its collection's
 * tag, so a 304 would keep an old page; a failed If-Match is answered all the same. */
static void get_collection(struct dav_request *r)
{
    struct dav_stream *stream;

    if (etag_preconditions(r->headers, &r->st, true) == 412) {
        reply_error(r, 412, "A condition of the request does not hold.");
        return;
    }
    int err = index_open(r, &stream);
    if (err) {
        reply_errno(r, err, ROLE_SUBJECT);
        return;
    }
    reply_status(r, 200);
    r->reply.kind = DAV_STREAM;
    r->reply.stream = stream;
    reply_header(r, "Content-Type", INDEX_TYPE);
    reply_header(r, "Cache-Control", "no-cache");
}

/* Answers 304 or 412, or returns true. */
static bool check_conditions(struct dav_request *r, const struct fs_stat *st)
{
    int status = etag_preconditions(r->headers, st, true);

    if (!status)
        return true;
    if (status == 304)
        reply_status(r, 304);
    else
        reply_error(r, status, "A condition of the request does not hold.");
    reply_validators(r, st); /* RFC 9110 15.4.5 */
    return false;
}

static void send_part(struct dav_request *r, int status, int fd, uint64_t offset, uint64_t length)
{
    reply_status(r, status);
    r->reply.kind = DAV_FILE;
    r->reply.fd = fd;
    r->reply.offset = offset;
    r->reply.length = length;
}

static void send_range(struct dav_request *r, int fd, const struct range *range, uint64_t size)
{
    send_part(r, 206, fd, range->first, range->length);
    reply_header(r, "Content-Range",
                 apr_psprintf(r->pool, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first,
                              (range->first + range->length - 1), size));
}

static void refuse_range(struct dav_request *r, const struct fs_stat *st)
{
    reply_error(r, 416, "The file has %" PRIu64 " bytes.", st->size);
    reply_header(r, "Content-Range", apr_psprintf(r->pool, "bytes */%" PRIu64, st->size)); /* 15.5.17 */
    reply_validators(r, st);
}

/* Of the whole file, also where a part is sent (RFC 9530 3); what the client would rather have
 * (Want-Repr-Digest) does not matter, since we tell what we know and compute nothing. */
static void tell_digests(struct dav_request *r, int fd, const struct fs_stat *st)
{
    struct checksum_values digests;

    if (!digeststore_read(r->dav, fd, st, r->pool, &digests))
        return;
    reply_header(r, "Repr-Digest", digestfield_format_repr(r->pool, &digests));
    reply_header(r, "OC-Checksum", digestfield_format_oc(r->pool, &digests));
}

/* False if the descriptor was not taken. */
static bool send_file(struct dav_request *r, int fd, const struct fs_stat *st)
{
    const char *type = mime_type(r->dav->mime, path_name(r->path));
    const char *header = request_header(r, "Range");
    struct range ranges[RANGE_MAX];
    unsigned count = 0;

    /* Range is defined for GET alone (RFC 9110 14.2); HEAD tells of the whole. */
    bool use_range = header && strcmp(r->method->name, "GET") == 0 && etag_if_range(r->headers, st);
    if (use_range && range_parse(header, st->size, ranges, &count) == ERANGE) {
        refuse_range(r, st);
        return false;
    }
    if (count > 1) {
        r->reply.stream = byteranges_open(fd, st->size, ranges, count, type, r->pool, &type);
        reply_status(r, 206);
        r->reply.kind = DAV_STREAM;
    } else if (count == 1) {
        send_range(r, fd, &ranges[0], st->size);
    } else {
        send_part(r, 200, fd, 0, st->size);
    }
    reply_header(r, "Content-Type", type);
    r->reply.is_content = true;
    reply_header(r, "Accept-Ranges", "bytes");
    reply_validators(r, st);
    tell_digests(r, fd, st);
    return true;
}

void get_run(struct dav_request *r)
{
    int fd = r->fd;

    if (fd < 0) {
        get_collection(r);
        return;
    }
    r->fd = -1;
    if (!check_conditions(r, &r->st) || !send_file(r, fd, &r->st))
        close(fd);
}
