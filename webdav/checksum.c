/*
 * GnuTLS hashes, as it is there for TLS already and uses what the processor has for it; zlib has the
 * Adler-32 that GnuTLS lacks.
 */
#include "webdav/checksum.h"

#include <gnutls/crypto.h>
#include <string.h>
#include <zlib.h>

static const struct {
    gnutls_digest_algorithm_t algorithm; /* GNUTLS_DIG_NULL: zlib's */
    size_t size;
} kinds_of[CHECKSUM_COUNT] = {
    [CHECKSUM_SHA512] = { GNUTLS_DIG_SHA512, 64 }, [CHECKSUM_SHA256] = { GNUTLS_DIG_SHA256, 32 },
    [CHECKSUM_SHA1] = { GNUTLS_DIG_SHA1, 20 },     [CHECKSUM_MD5] = { GNUTLS_DIG_MD5, 16 },
    [CHECKSUM_ADLER32] = { GNUTLS_DIG_NULL, 4 },
};

struct checksum {
    unsigned kinds;
    gnutls_hash_hd_t hash[CHECKSUM_COUNT]; /* NULL: none, or zlib's */
    uLong adler;
};

size_t checksum_size(enum checksum_kind kind)
{
    return kinds_of[kind].size;
}

static bool has(const struct checksum_values *values, int kind)
{
    return (values->has & 1u << kind) != 0;
}

enum checksum_kind checksum_difference(const struct checksum_values *a, const struct checksum_values *b)
{
    int kind = 0;

    while (kind < CHECKSUM_COUNT && !(has(a, kind) && has(b, kind) &&
                                      memcmp(a->value[kind], b->value[kind], kinds_of[kind].size) != 0))
        kind++;
    return (enum checksum_kind)kind;
}

bool checksum_merge(struct checksum_values *to, const struct checksum_values *from)
{
    bool agree = checksum_difference(to, from) == CHECKSUM_COUNT;

    for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
        if (has(from, kind) && !has(to, kind))
            memcpy(to->value[kind], from->value[kind], kinds_of[kind].size);
    to->has |= from->has;
    return agree;
}

static apr_status_t release(void *data)
{
    struct checksum *checksum = data;

    for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
        if (checksum->hash[kind])
            gnutls_hash_deinit(checksum->hash[kind], NULL);
    return APR_SUCCESS;
}

struct checksum *checksum_open(apr_pool_t *pool, unsigned kinds)
{
    struct checksum *checksum = apr_pcalloc(pool, sizeof *checksum);

    checksum->kinds = kinds;
    checksum->adler = adler32(0, NULL, 0);
    apr_pool_cleanup_register(pool, checksum, release, apr_pool_cleanup_null);
    for (int kind = 0; kind < CHECKSUM_COUNT; kind++) {
        if (!(kinds & 1u << kind) || kinds_of[kind].algorithm == GNUTLS_DIG_NULL)
            continue;
        if (gnutls_hash_init(&checksum->hash[kind], kinds_of[kind].algorithm) != 0) {
            checksum->hash[kind] = NULL;
            checksum->kinds &= ~(1u << kind);
        }
    }
    return checksum;
}

static void add_adler(struct checksum *checksum, const unsigned char *data, size_t len)
{
    static const size_t most = 1 << 30; /* zlib counts in uInt */

    for (size_t piece; len; data += piece, len -= piece) {
        piece = len < most ? len : most;
        checksum->adler = adler32(checksum->adler, data, (uInt)piece);
    }
}

void checksum_add(struct checksum *checksum, const void *data, size_t len)
{
    for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
        if (checksum->hash[kind])
            gnutls_hash(checksum->hash[kind], data, len);
    if (checksum->kinds & 1u << CHECKSUM_ADLER32)
        add_adler(checksum, data, len);
}

void checksum_end(struct checksum *checksum, struct checksum_values *out)
{
    for (int kind = 0; kind < CHECKSUM_COUNT; kind++) {
        if (!checksum->hash[kind])
            continue;
        gnutls_hash_deinit(checksum->hash[kind], out->value[kind]);
        checksum->hash[kind] = NULL;
    }
    for (int i = 0; i < 4; i++) /* in network order, as others write it */
        out->value[CHECKSUM_ADLER32][i] = (unsigned char)(checksum->adler >> (24 - 8 * i));
    out->has = checksum->kinds;
}
