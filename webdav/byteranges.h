/*
 * Several ranges of a file as one body: multipart/byteranges (RFC 9110 14.6).
 *
 * The stream owns the descriptor from here on, and its memory; it does not look at the request.
 */
#ifndef HOLDFAST_BYTERANGES_H
#define HOLDFAST_BYTERANGES_H

#include "webdav/dav.h"
#include "webdav/etag.h"

/* `part_type` is the file's content type, `size` its size; *out_type, in `pool`, is the content type
 * of the whole. The stream's length is known. */
struct dav_stream *byteranges_open(int fd, uint64_t size, const struct range *ranges, unsigned count,
                                   const char *part_type, apr_pool_t *pool, const char **out_type);

#endif
