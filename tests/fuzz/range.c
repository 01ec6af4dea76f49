/*
 * Range, If-Range and the conditional headers: whatever is granted lies inside the file, is not more than the file,
 * and is no surprise to the one who asked.
 *
 * Lines: the size in decimal, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since.
 */
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webdav/etag.h"

static void check_ranges(const char *header, uint64_t size)
{
    struct range range[RANGE_MAX];
    unsigned count = RANGE_MAX + 1;
    uint64_t total = 0;

    int error = range_parse(header, size, range, &count);
    assert(error == 0 || error == ERANGE);
    if (error)
        return;
    assert(count <= RANGE_MAX);
    for (unsigned i = 0; i < count; i++) {
        assert(range[i].length > 0 && range[i].length <= size);
        assert(range[i].first <= size - range[i].length);
        assert(total <= size - range[i].length);
        total += range[i].length;
    }
}

static void check_list(const char *list, const struct fs_stat *st)
{
    char etag[ETAG_SIZE];
    const char *at = list, *end = list + strlen(list), *element;
    size_t len;

    etag_format(st, etag);
    for (const char *before = at; (element = etag_list_next(&at, &len)) != NULL; before = at)
        assert(len > 0 && element >= before && at > before && element + len <= at && at <= end);
    if (etag_list_matches(list, etag, false)) /* what matches strongly matches weakly too */
        assert(etag_list_matches(list, etag, true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "If-Range", "If-Match", "If-None-Match", "If-Modified-Since",
                                         "If-Unmodified-Since" };
    struct fuzz_input in;
    struct fs_stat st = { .ino = 7, .mtime_ns = INT64_C(784111777) * 1000000000, .btime_ns = 1 };

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    st.size = strtoull(fuzz_line(&in), NULL, 10);
    const char *range = fuzz_line(&in);
    apr_table_t *headers = apr_table_make(pool, 8);
    check_ranges(range, st.size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = fuzz_line(&in);
        check_list(value, &st);
        if (*value)
            apr_table_addn(headers, names[i], value);
    }
    etag_if_range(headers, &st);
    for (int safe = 0; safe < 2; safe++) {
        int there = etag_preconditions(headers, &st, safe), missing = etag_preconditions(headers, NULL, safe);
        assert(there == 0 || there == 412 || (safe && there == 304));
        assert(missing == 0 || missing == 412);
    }
    return 0;
}
