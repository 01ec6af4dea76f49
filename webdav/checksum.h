/*
 * The sums over a file's content that clients know: which there are, and computing several in one go.
 *
 * Life of a computation: checksum_open, checksum_add for each piece, checksum_end; one that is not ended
 * goes with its pool. One thread at a time. Values are plain bytes, at most one for each kind.
 *
 * They are computed only for clients that announce one. SHA-1, MD5 and Adler-32 tell of accidents, not of
 * malice (RFC 9530 5), which is what they are announced for.
 */
#ifndef HOLDFAST_CHECKSUM_H
#define HOLDFAST_CHECKSUM_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* The strongest first: so they are told. */
enum checksum_kind {
    CHECKSUM_SHA512,
    CHECKSUM_SHA256,
    CHECKSUM_SHA1,
    CHECKSUM_MD5,
    CHECKSUM_ADLER32,
    CHECKSUM_COUNT /* none */
};

#define CHECKSUM_SIZE_MAX 64 /* bytes */

struct checksum_values {
    unsigned has; /* a bit 1 << kind for each value that is there */
    unsigned char value[CHECKSUM_COUNT][CHECKSUM_SIZE_MAX];
};

/* Bytes of a value. */
size_t checksum_size(enum checksum_kind kind);

/* Adds what is in `from`; false where both have a value and these differ (then `to` has its own). */
bool checksum_merge(struct checksum_values *to, const struct checksum_values *from);

/* The first kind of which both have a value and these differ; CHECKSUM_COUNT: none. */
enum checksum_kind checksum_difference(const struct checksum_values *a, const struct checksum_values *b);

struct checksum;

/* `kinds`: bits as in checksum_values. One that the library refuses (MD5 under FIPS rules) is left out. */
struct checksum *checksum_open(apr_pool_t *pool, unsigned kinds);
void checksum_add(struct checksum *checksum, const void *data, size_t len);

/* Once; nothing may be added afterwards. */
void checksum_end(struct checksum *checksum, struct checksum_values *out);

#endif
