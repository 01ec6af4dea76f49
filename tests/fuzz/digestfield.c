/*
 * Checksums in headers: what is understood is written down so that it is understood as the same.
 *
 * Lines: OC-Checksum, Repr-Digest, Content-Digest, Content-MD5.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webdav/digestfield.h"

static void assert_same(const struct checksum_values *a, const struct checksum_values *b)
{
    assert(a->has == b->has && checksum_difference(a, b) == CHECKSUM_COUNT);
}

static void check_round(apr_pool_t *pool, const struct checksum_values *values)
{
    const char *oc = digestfield_format_oc(pool, values), *repr = digestfield_format_repr(pool, values);
    struct checksum_values again = { 0 };
    const char *name;

    assert(values->has < 1u << CHECKSUM_COUNT);
    assert(digestfield_parse_oc(oc, &again) == 0 || !values->has);
    assert_same(values, &again);
    memset(&again, 0, sizeof again);
    assert(digestfield_read(fuzz_header(pool, "Repr-Digest", repr), &again, &name) == 0);
    assert((again.has & ~values->has) == 0 && checksum_difference(values, &again) == CHECKSUM_COUNT);
    for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
        if (values->has & 1u << kind)
            assert(strchr(digestfield_format_one(pool, values, kind), ':'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "OC-Checksum", "Repr-Digest", "Content-Digest", "Content-MD5" };
    struct checksum_values values = { 0 };
    struct fuzz_input in;
    const char *name = NULL;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    apr_table_t *headers = apr_table_make(pool, 4);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = fuzz_line(&in);
        if (*value)
            apr_table_addn(headers, names[i], value);
    }
    int error = digestfield_read(headers, &values, &name);
    assert(error == 0 || error == EINVAL || error == EBADMSG);
    if (error)
        assert(name && *name);
    else
        check_round(pool, &values);
    return 0;
}
