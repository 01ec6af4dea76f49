/*
 * Entity tags, conditional headers and ranges.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>
#include <inttypes.h>

#include "tests/support/pool.h"
#include "webdav/etag.h"

/* Changed at 08:49:37.5 */
static const struct fs_stat file = {
    .ino = 0x1a, .btime_ns = 0xb, .mtime_ns = 784111777500000000, .size = 0xff
};
#define TAG       "\"1a-b-ae1b981da166f00-ff\""
#define SAME_TIME "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER   "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER     "Sun, 06 Nov 1994 08:49:38 GMT"

static void a_tag_is_strong_and_changes_with_the_file(void **state)
{
    (void)state;
    char tag[ETAG_SIZE], other[ETAG_SIZE];
    assert_int_equal(etag_format(&file, tag), strlen(TAG));
    assert_string_equal(tag, TAG);

    struct fs_stat changed[] = { file, file, file, file };
    changed[0].ino++;
    changed[1].btime_ns++;
    changed[2].mtime_ns++;
    changed[3].size++;
    for (size_t i = 0; i < 4; i++) {
        etag_format(&changed[i], other);
        assert_string_not_equal(tag, other);
    }

    const struct fs_stat none = { .size = 0 };
    etag_format(&none, tag);
    assert_string_equal(tag, "\"0-0-0-0\"");
    const struct fs_stat extreme = { .ino = UINT64_MAX, .btime_ns = -1, .mtime_ns = -1, .size = UINT64_MAX };
    assert_true(etag_format(&extreme, tag) < ETAG_SIZE);
    assert_int_equal(strlen(tag), 4 * 16 + 3 + 2);
}

static void numbers_are_hexadecimal(void **state)
{
    (void)state;
    for (uint64_t n = 1; n; n = n > UINT64_MAX / 7 ? 0 : n * 7) {
        char tag[ETAG_SIZE], expected[ETAG_SIZE];
        const struct fs_stat st = {
            .ino = n, .btime_ns = (int64_t)~n, .mtime_ns = (int64_t)(n - 1), .size = n >> 8
        };
        snprintf(expected, sizeof expected, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", n, ~n,
                 n - 1, n >> 8);
        assert_int_equal(etag_format(&st, tag), strlen(expected));
        assert_string_equal(tag, expected);
    }
}

static void lists_are_searched(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *etag;
        bool strong, weak;
    } rows[] = {
        { "same", "\"a\"", "\"a\"", true, true },
        { "other", "\"b\"", "\"a\"", false, false },
        { "prefix", "\"a\"", "\"ab\"", false, false },
        { "longer", "\"ab\"", "\"a\"", false, false },
        { "case counts", "\"A\"", "\"a\"", false, false },
        { "weak in the list", "W/\"a\"", "\"a\"", false, true },
        { "weak on our side", "\"a\"", "W/\"a\"", false, true },
        { "weak both", "W/\"a\"", "W/\"a\"", false, true },
        { "star", "*", "\"a\"", true, true },
        { "star with blanks", " * ", "\"a\"", true, true },
        { "quoted star", "\"*\"", "\"a\"", false, false },
        { "last of three", "\"x\", W/\"y\" ,\"a\"", "\"a\"", true, true },
        { "middle, no blanks", "\"x\",\"a\",\"y\"", "\"a\"", true, true },
        { "empty elements", ",, ,\"a\",", "\"a\"", true, true },
        { "comma inside", "\"x,\"a\",y\"", "\"a\"", false, false },
        { "tag with a comma", "\"x\",\"a,b\"", "\"a,b\"", true, true },
        { "empty tag", "\"\"", "\"\"", true, true },
        { "empty list", "", "\"a\"", false, false },
        { "blank list", " , ", "\"a\"", false, false },
        { "no quotes", "a", "\"a\"", false, false },
        { "no closing quote", "\"a", "\"a\"", false, false },
        { "one quote", "\"", "\"", false, false },
        { "junk after the tag", "\"a\"x", "\"a\"", false, false },
        { "junk, then the tag", "junk, \"a\"", "\"a\"", true, true },
        { "only W/", "W/", "\"a\"", false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (etag_list_matches(rows[i].list, rows[i].etag, false) != rows[i].strong ||
            etag_list_matches(rows[i].list, rows[i].etag, true) != rows[i].weak)
            fail_msg("%s", rows[i].name);
}

/* Headers are given as "Name: value" lines, up to three. */
static apr_table_t *headers_of(const char *const lines[3])
{
    apr_table_t *headers = apr_table_make(pool, 4);
    for (size_t i = 0; i < 3 && lines[i]; i++) {
        const char *colon = strchr(lines[i], ':');
        apr_table_add(headers, apr_pstrmemdup(pool, lines[i], (size_t)(colon - lines[i])), colon + 2);
    }
    return headers;
}

static void preconditions_are_evaluated_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *lines[3];
        int there_safe, there_unsafe; /* of what exists: GET, PUT */
        int missing;                  /* of what does not */
    } rows[] = {
        { "none", { NULL }, 0, 0, 0 },

        { "If-Match, same", { "If-Match: " TAG }, 0, 0, 412 },
        { "If-Match, other", { "If-Match: \"x\"" }, 412, 412, 412 },
        { "If-Match, weak never matches", { "If-Match: W/" TAG }, 412, 412, 412 },
        { "If-Match, star", { "If-Match: *" }, 0, 0, 412 },
        { "If-Match, list", { "If-Match: \"x\", " TAG }, 0, 0, 412 },
        { "If-Match, two fields", { "If-Match: \"x\"", "If-Match: " TAG }, 0, 0, 412 },
        { "If-Match, nonsense", { "If-Match: x" }, 412, 412, 412 },
        { "if-match, lower case", { "if-match: \"x\"" }, 412, 412, 412 },

        { "If-Unmodified-Since, earlier", { "If-Unmodified-Since: " EARLIER }, 412, 412, 0 },
        { "If-Unmodified-Since, same second", { "If-Unmodified-Since: " SAME_TIME }, 0, 0, 0 },
        { "If-Unmodified-Since, later", { "If-Unmodified-Since: " LATER }, 0, 0, 0 },
        { "If-Unmodified-Since, nonsense", { "If-Unmodified-Since: then" }, 0, 0, 0 },
        { "If-Unmodified-Since, twice",
          { "If-Unmodified-Since: " EARLIER, "If-Unmodified-Since: " EARLIER },
          0,
          0,
          0 },
        { "If-Match silences If-Unmodified-Since",
          { "If-Match: " TAG, "If-Unmodified-Since: " EARLIER },
          0,
          0,
          412 },

        { "If-None-Match, same", { "If-None-Match: " TAG }, 304, 412, 0 },
        { "If-None-Match, weak", { "If-None-Match: W/" TAG }, 304, 412, 0 },
        { "If-None-Match, other", { "If-None-Match: \"x\"" }, 0, 0, 0 },
        { "If-None-Match, star", { "If-None-Match: *" }, 304, 412, 0 },
        { "If-None-Match, two fields", { "If-None-Match: \"x\"", "If-None-Match: " TAG }, 304, 412, 0 },

        { "If-Modified-Since, earlier", { "If-Modified-Since: " EARLIER }, 0, 0, 0 },
        { "If-Modified-Since, same second", { "If-Modified-Since: " SAME_TIME }, 304, 0, 0 },
        { "If-Modified-Since, later", { "If-Modified-Since: " LATER }, 304, 0, 0 },
        { "If-Modified-Since, nonsense", { "If-Modified-Since: then" }, 0, 0, 0 },
        { "If-None-Match silences If-Modified-Since",
          { "If-None-Match: \"x\"", "If-Modified-Since: " LATER },
          0,
          0,
          0 },

        { "If-Match fails before If-None-Match", { "If-Match: \"x\"", "If-None-Match: *" }, 412, 412, 412 },
        { "If-Match holds, If-None-Match decides", { "If-Match: *", "If-None-Match: " TAG }, 304, 412, 412 },
        { "If-Unmodified-Since fails before If-None-Match",
          { "If-Unmodified-Since: " EARLIER, "If-None-Match: " TAG },
          412,
          412,
          0 },
        { "both dates", { "If-Unmodified-Since: " LATER, "If-Modified-Since: " LATER }, 304, 0, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const apr_table_t *headers = headers_of(rows[i].lines);
        int there_safe = etag_preconditions(headers, &file, true);
        int there_unsafe = etag_preconditions(headers, &file, false);
        int missing_safe = etag_preconditions(headers, NULL, true);
        int missing_unsafe = etag_preconditions(headers, NULL, false);
        if (there_safe != rows[i].there_safe || there_unsafe != rows[i].there_unsafe ||
            missing_safe != rows[i].missing || missing_unsafe != rows[i].missing)
            fail_msg("%s: %d %d %d %d", rows[i].name, there_safe, there_unsafe, missing_safe, missing_unsafe);
    }
}

static void times_before_1970_are_compared_too(void **state)
{
    (void)state;
    const struct fs_stat old = { .mtime_ns = -1 }; /* 23:59:59.999999999 */
    const apr_table_t *headers =
        headers_of((const char *const[3]){ "If-Modified-Since: Wed, 31 Dec 1969 23:59:59 GMT" });
    assert_int_equal(etag_preconditions(headers, &old, true), 304);
    headers = headers_of((const char *const[3]){ "If-Unmodified-Since: Wed, 31 Dec 1969 23:59:58 GMT" });
    assert_int_equal(etag_preconditions(headers, &old, false), 412);
}

static void if_range_wants_the_very_same(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *lines[3];
        bool usable;
    } rows[] = {
        { "none", { NULL }, true },
        { "same tag", { "If-Range: " TAG }, true },
        { "other tag", { "If-Range: \"x\"" }, false },
        { "weak tag", { "If-Range: W/" TAG }, false },
        { "a list is no tag", { "If-Range: \"x\", " TAG }, false },
        { "star", { "If-Range: *" }, false },
        { "same date", { "If-Range: " SAME_TIME }, true },
        { "earlier date", { "If-Range: " EARLIER }, false },
        { "later date", { "If-Range: " LATER }, false },
        { "nonsense", { "If-Range: x" }, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (etag_if_range(headers_of(rows[i].lines), &file) != rows[i].usable)
            fail_msg("%s", rows[i].name);
    assert_false(etag_if_range(headers_of((const char *const[3]){ "If-Range: " TAG }), NULL));
}

/* "first+length first+length", "all" for a header to be ignored, "416" */
static const char *ranges_as_text(const char *header, uint64_t size)
{
    struct range ranges[RANGE_MAX];
    unsigned count = 4711;
    int error = range_parse(header, size, ranges, &count);
    if (error) {
        assert_int_equal(error, ERANGE);
        assert_int_equal(count, 4711);
        return "416";
    }
    if (count == 0)
        return "all";
    const char *out = "";
    for (unsigned i = 0; i < count; i++)
        out = apr_psprintf(pool, "%s%s%" PRIu64 "+%" PRIu64, out, i ? " " : "", ranges[i].first,
                           ranges[i].length);
    return out;
}

static void ranges_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *header;
        uint64_t size;
        const char *ranges;
    } rows[] = {
        { "first byte", "bytes=0-0", 10, "0+1" },
        { "middle", "bytes=2-4", 10, "2+3" },
        { "to the end", "bytes=5-", 10, "5+5" },
        { "everything", "bytes=0-", 10, "0+10" },
        { "last byte", "bytes=9-9", 10, "9+1" },
        { "suffix", "bytes=-3", 10, "7+3" },
        { "suffix of the very size", "bytes=-10", 10, "0+10" },
        { "suffix bigger than the size", "bytes=-11", 10, "0+10" },
        { "end beyond the size", "bytes=8-99", 10, "8+2" },
        { "end beyond all numbers", "bytes=8-99999999999999999999999", 10, "8+2" },
        { "end just beyond all numbers", "bytes=8-18446744073709551619", 10, "8+2" },
        { "suffix beyond all numbers", "bytes=-99999999999999999999999", 10, "0+10" },
        { "leading zeros", "bytes=0002-0004", 10, "2+3" },
        { "large file", "bytes=5000000000-5000000001", 6000000000, "5000000000+2" },
        { "the largest file", "bytes=18446744073709551613-", UINT64_MAX, "18446744073709551613+2" },
        { "several", "bytes=0-0,5-6,-3", 10, "0+1 5+2 7+3" },
        { "several that meet", "bytes=0-0,5-,-3", 10, "0+1 5+5 7+3" },
        { "in any order", "bytes=5-6,0-1", 10, "5+2 0+2" },
        { "blanks", "bytes= 0-0 ,\t5-6 , -3 ", 10, "0+1 5+2 7+3" },
        { "blank before the unit", " bytes=1-2", 10, "1+2" },
        { "empty elements", "bytes=,0-0,,5-6,", 10, "0+1 5+2" },
        { "unit in capitals", "BYTES=1-2", 10, "1+2" },
        { "some beyond the end", "bytes=0-0,20-30,5-6", 10, "0+1 5+2" },

        { "beyond the end", "bytes=10-", 10, "416" },
        { "all beyond the end", "bytes=10-11,20-", 10, "416" },
        { "no last byte", "bytes=-0", 10, "416" },
        { "first beyond all numbers", "bytes=99999999999999999999999-", 10, "416" },

        { "another unit", "lines=1-2", 10, "all" },
        { "no unit", "1-2", 10, "all" },
        { "only the unit", "bytes", 10, "all" },
        { "nothing after the unit", "bytes=", 10, "all" },
        { "only commas", "bytes=,,", 10, "all" },
        { "empty", "", 10, "all" },
        { "backwards", "bytes=4-2", 10, "all" },
        { "backwards beyond the end", "bytes=40-20", 10, "all" },
        { "one sound, one backwards", "bytes=0-0,4-2", 10, "all" },
        { "only a dash", "bytes=-", 10, "all" },
        { "no dash", "bytes=5", 10, "all" },
        { "two dashes", "bytes=1--2", 10, "all" },
        { "three numbers", "bytes=1-2-3", 10, "all" },
        { "sign", "bytes=+1-2", 10, "all" },
        { "letters", "bytes=a-b", 10, "all" },
        { "hex", "bytes=0x1-2", 10, "all" },
        { "blank inside", "bytes=1 -2", 10, "all" },
        { "blank for a comma", "bytes=1-2 4-5", 10, "all" },
        { "semicolon", "bytes=1-2;4-5", 10, "all" },
        { "blank before =", "bytes =1-2", 10, "all" },
        { "everything twice", "bytes=0-,0-", 10, "all" },
        { "more than everything", "bytes=0-8,1-2", 10, "all" },
        { "exactly everything", "bytes=0-7,1-2", 10, "0+8 1+2" },
        { "sum beyond all numbers", "bytes=0-,0-,0-", UINT64_MAX, "all" },
        { "empty resource", "bytes=0-", 0, "all" },
        { "empty resource, suffix", "bytes=-5", 0, "all" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = ranges_as_text(rows[i].header, rows[i].size);
        if (strcmp(got, rows[i].ranges) != 0)
            fail_msg("%s: %s", rows[i].name, got);
    }
}

static void too_many_ranges_are_ignored(void **state)
{
    (void)state;
    const char *header = "bytes=0-0";
    for (unsigned i = 1; i < RANGE_MAX; i++)
        header = apr_psprintf(pool, "%s,%u-%u", header, i, i);
    struct range ranges[RANGE_MAX];
    unsigned count = 0;
    assert_int_equal(range_parse(header, 1000, ranges, &count), 0);
    assert_int_equal(count, RANGE_MAX);
    assert_int_equal(range_parse(apr_pstrcat(pool, header, ",100-", NULL), 1000, ranges, &count), 0);
    assert_int_equal(count, 0);
    /* those that cannot be satisfied count too: only the first of these 64 is within 1 byte */
    assert_int_equal(range_parse(header, 1, ranges, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(range_parse(apr_pstrcat(pool, header, ",64-64", NULL), 1, ranges, &count), 0);
    assert_int_equal(count, 0);
}

static void cut_and_spoilt_headers_are_survived(void **state)
{
    (void)state;
    static const char text[] = "bytes=0-0, 5-18446744073709551616,-3,";
    static const char tags[] = " , W/\"a,b\" , \"c\",*";
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t len = 0; len < sizeof text; len++) {
            char *copy = calloc(1, len + 1); /* its exact size, for the sanitizer */
            memcpy(copy, text, len);
            if (len > 0)
                copy[len - 1] = (char)byte;
            ranges_as_text(copy, 10);
            free(copy);
        }
        for (size_t len = 0; len < sizeof tags; len++) {
            char *copy = calloc(1, len + 1);
            memcpy(copy, tags, len);
            if (len > 0)
                copy[len - 1] = (char)byte;
            etag_list_matches(copy, "\"a,b\"", true);
            free(copy);
        }
        apr_pool_clear(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_strong_and_changes_with_the_file),
        cmocka_unit_test(numbers_are_hexadecimal),
        cmocka_unit_test(lists_are_searched),
        cmocka_unit_test_setup_teardown(preconditions_are_evaluated_in_order, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(times_before_1970_are_compared_too, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(if_range_wants_the_very_same, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(ranges_are_read, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(too_many_ranges_are_ignored, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(cut_and_spoilt_headers_are_survived, pool_set_up, pool_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
