/*
 * Entity tags, and the conditional and range headers of RFC 9110 13 and 14. Pure functions.
 *
 * Our tags are strong at once (FIELD: weak ones lose data with davfs2 and gvfs): inode, birth and
 * modification time in nanoseconds and size; every publication makes a new inode.
 */
#ifndef HOLDFAST_ETAG_H
#define HOLDFAST_ETAG_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/fs.h"

#define ETAG_SIZE 80

/* Writes the tag, quotes included, NUL-terminated; returns its length. */
size_t etag_format(const struct fs_stat *st, char out[ETAG_SIZE]);

/* Does a list of tags ("*" or comma-separated) contain this one? `weak_ok`: weak comparison. */
bool etag_list_matches(const char *list, const char *etag, bool weak_ok);

/* The next element of such a list (RFC 9110 5.6.1), a comma inside quotes being part of a tag; NULL at
 * the end. Empty elements are passed over. */
const char *etag_list_next(const char **at, size_t *out_len);

/* The preconditions in the order of RFC 9110 13.2.2. `st` NULL: the resource does not exist.
 * `safe`: GET or HEAD (304 rather than 412 for If-None-Match, and If-Modified-Since counts).
 * Returns 0 to go on, 304 or 412. Collections have no ETag of their own that clients could know:
 * they are given the same kind of tag. */
int etag_preconditions(const apr_table_t *headers, const struct fs_stat *st, bool safe);

/* May the Range header be used, as far as If-Range goes? True without If-Range. */
bool etag_if_range(const apr_table_t *headers, const struct fs_stat *st);

struct range {
    uint64_t first, length;
};
#define RANGE_MAX 64

/* Range: bytes=... over `size` bytes. *out_count 0: ignore the header (another unit, malformed, too
 * many, more bytes in all than there are, or nothing to take a part of) and send everything. ERANGE:
 * none can be satisfied (416). Ranges are in the order asked for; ones that cannot be satisfied are
 * dropped. Implemented in range.c. */
int range_parse(const char *header, uint64_t size, struct range out[RANGE_MAX], unsigned *out_count);

#endif
