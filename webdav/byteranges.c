/*
 * The heads of the parts are made at once, so that the length of the whole is known; the content
 * is read while it is sent. A file that became shorter meanwhile breaks the answer off.
 */
#include "webdav/byteranges.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define PIECE_SIZE     (64 * 1024)
#define BOUNDARY_BYTES 16 /* random: it is not in the content, and nobody can put it there */

struct part {
    const char *head;
    size_t head_size;
    struct range range;
};

struct byteranges {
    struct dav_stream stream; /* first: what the callbacks get */
    apr_pool_t *pool;
    int fd;
    struct part *parts; /* the last one is the closing boundary, without content */
    unsigned count, index;
    bool head_is_sent;
    uint64_t sent; /* of the current part's content */
};

static int fill_content(struct byteranges *b, const struct part *part, struct buffer *out)
{
    uint64_t left = part->range.length - b->sent;
    size_t len = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
    char *room = buffer_reserve(out, len);

    if (!room)
        return EMSGSIZE;
    ssize_t n;
    do
        n = pread(b->fd, room, len, (off_t)(part->range.first + b->sent));
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n ? errno : EIO;
    out->size += (size_t)n;
    b->sent += (uint64_t)n;
    return 0;
}

static int fill(struct dav_stream *stream, struct buffer *out, bool *out_done)
{
    struct byteranges *b = (struct byteranges *)stream;
    size_t start = out->size;

    while (b->index < b->count && out->size - start < PIECE_SIZE) {
        const struct part *part = &b->parts[b->index];
        if (!b->head_is_sent) {
            buffer_append(out, part->head, part->head_size);
            b->head_is_sent = true;
        }
        int err = b->sent < part->range.length ? fill_content(b, part, out) : 0;
        if (err || out->overflow)
            return err ? err : EMSGSIZE;
        if (b->sent == part->range.length) {
            b->index++;
            b->head_is_sent = false;
            b->sent = 0;
        }
    }
    *out_done = b->index == b->count;
    return 0;
}

static void close_stream(struct dav_stream *stream)
{
    struct byteranges *b = (struct byteranges *)stream;

    close(b->fd);
    apr_pool_destroy(b->pool);
}

static const char *make_boundary(apr_pool_t *pool)
{
    unsigned char bytes[BOUNDARY_BYTES] = { 0 };
    const char *boundary = "holdfast-";

    apr_generate_random_bytes(bytes, sizeof bytes);
    for (int i = 0; i < BOUNDARY_BYTES; i++)
        boundary = apr_psprintf(pool, "%s%02x", boundary, bytes[i]);
    return boundary;
}

static void add_part(struct byteranges *b, const char *head, struct range range)
{
    struct part *part = &b->parts[b->count++];

    *part = (struct part){ .head = head, .head_size = strlen(head), .range = range };
    b->stream.length += part->head_size + range.length;
}

struct dav_stream *byteranges_open(int fd, uint64_t size, const struct range *ranges, unsigned count,
                                   const char *part_type, apr_pool_t *pool, const char **out_type)
{
    apr_pool_t *own;

    /* The stream may outlive the request. */
    apr_pool_create_unmanaged_ex(&own, apr_pool_abort_get(pool), NULL);
    struct byteranges *b = apr_pcalloc(own, sizeof *b);
    *b = (struct byteranges){ .stream = { .fill = fill, .close = close_stream }, .pool = own, .fd = fd };
    b->parts = apr_pcalloc(own, (count + 1) * sizeof *b->parts);
    const char *boundary = make_boundary(own);
    for (unsigned i = 0; i < count; i++) {
        const char *head = apr_psprintf(own,
                                        "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64
                                        "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                                        boundary, part_type, ranges[i].first,
                                        (ranges[i].first + ranges[i].length - 1), size);
        add_part(b, head, ranges[i]);
    }
    add_part(b, apr_psprintf(own, "\r\n--%s--\r\n", boundary), (struct range){ 0, 0 });
    *out_type = apr_pstrcat(pool, "multipart/byteranges; boundary=", boundary, NULL);
    return &b->stream;
}
