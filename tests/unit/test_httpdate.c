/*
 * Dates both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "webdav/httpdate.h"

#define SECOND INT64_C(1000000000)

static void times_are_written_in_both_forms(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ns;
        const char *http, *iso;
    } rows[] = {
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
        { 784111777 * SECOND, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
        { 784111777 * SECOND + 999999999, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
        { 951782400 * SECOND, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z" },
        { -1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z" },
        { -SECOND, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z" },
        { INT64_MAX, "Fri, 11 Apr 2262 23:47:16 GMT", "2262-04-11T23:47:16Z" },
        { INT64_MIN, "Tue, 21 Sep 1677 00:12:43 GMT", "1677-09-21T00:12:43Z" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[HTTPDATE_SIZE];
        assert_int_equal(httpdate_format(rows[i].time_ns, out), strlen(rows[i].http));
        assert_string_equal(out, rows[i].http);
        assert_int_equal(httpdate_format_iso(rows[i].time_ns, out), strlen(rows[i].iso));
        assert_string_equal(out, rows[i].iso);
    }
}

static void the_three_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool ok;
        int64_t seconds;
    } rows[] = {
        { "IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777 },
        { "RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", true, 784111777 },
        { "asctime", "Sun Nov  6 08:49:37 1994", true, 784111777 },
        { "blanks around it", " \tSun, 06 Nov 1994 08:49:37 GMT \t", true, 784111777 },
        { "1970, IMF-fixdate", "Thu, 01 Jan 1970 00:00:00 GMT", true, 0 },
        { "1970, RFC 850", "Thursday, 01-Jan-70 00:00:00 GMT", true, 0 },
        { "1970, asctime", "Thu Jan  1 00:00:00 1970", true, 0 },
        { "leap second", "Sat, 31 Dec 2016 23:59:60 GMT", true, 1483228800 },
        { "leap day", "Tue, 29 Feb 2000 00:00:00 GMT", true, 951782400 },
        { "before 1970", "Wed, 31 Dec 1969 23:59:59 GMT", true, -1 },
        { "before 1970, asctime", "Wed Dec 31 23:59:59 1969", true, -1 },
        { "long before 1970", "Wed, 01 Jan 1800 00:00:00 GMT", true, -5364662400 },
        { "before our time", "Mon, 01 Jan 1601 00:00:00 GMT", true, INT64_MIN / SECOND },
        { "after our time", "Fri, 31 Dec 9999 23:59:59 GMT", true, INT64_MAX / SECOND },
        { "empty", "", false, 0 },
        { "blank", " ", false, 0 },
        { "nonsense", "yesterday", false, 0 },
        { "only a zone", " GMT", false, 0 },
        { "only a year", "1994", false, 0 },
        { "30 February", "Sun, 30 Feb 1994 08:49:37 GMT", false, 0 },
        { "25 o'clock", "Sun, 06 Nov 1994 25:49:37 GMT", false, 0 },
        { "another zone", "Sun, 06 Nov 1994 08:49:37 PST", false, 0 },
        { "no zone", "Sun, 06 Nov 1994 08:49:37", false, 0 },
        { "junk at the end", "Sun, 06 Nov 1994 08:49:37 GMT x", false, 0 },
        { "junk before the zone", "Sun, 06 Nov 1994 08:49:37x GMT", false, 0 },
        { "junk after asctime", "Sun Nov  6 08:49:37 1994 GMT", false, 0 },
        { "RFC 3339", "1994-11-06T08:49:37Z", false, 0 },
        { "seconds since 1970", "784111777", false, 0 },
        { "two of them", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time_ns = 42;
        bool ok = httpdate_parse(rows[i].text, &time_ns);
        if (ok != rows[i].ok || time_ns != (ok ? rows[i].seconds * SECOND : 42))
            fail_msg("%s: %d, %lld", rows[i].name, ok, (long long)time_ns);
    }
}

static void what_was_written_can_be_read(void **state)
{
    (void)state;
    for (int64_t seconds = -9000000000; seconds < 9000000000; seconds += 7654321) {
        char out[HTTPDATE_SIZE];
        int64_t time_ns;
        httpdate_format(seconds * SECOND + 5, out);
        assert_true(httpdate_parse(out, &time_ns));
        if (time_ns != seconds * SECOND)
            fail_msg("%s", out);
    }
}

/* Against the C library's calendar; an odd step, so that all times of day are met. */
static void every_day_is_the_right_one(void **state)
{
    (void)state;
    for (int64_t seconds = INT64_MIN / SECOND; seconds < INT64_MAX / SECOND; seconds += 86399) {
        char out[HTTPDATE_SIZE], expected[HTTPDATE_SIZE];
        const time_t time = seconds;
        struct tm tm;
        gmtime_r(&time, &tm);
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        httpdate_format(seconds * SECOND, out);
        if (strcmp(out, expected) != 0)
            fail_msg("%s is %s", expected, out);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        httpdate_format_iso(seconds * SECOND, out);
        if (strcmp(out, expected) != 0)
            fail_msg("%s is %s", expected, out);
    }
}

static void cut_dates_are_none(void **state)
{
    (void)state;
    static const char *const dates[] = { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                         "Sun Nov  6 08:49:37 1994" };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        for (size_t len = 0; len < strlen(dates[i]); len++) {
            char cut[40];
            int64_t time_ns;
            memcpy(cut, dates[i], len);
            cut[len] = '\0';
            if (httpdate_parse(cut, &time_ns))
                fail_msg("%s", cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_both_forms),
        cmocka_unit_test(the_three_forms_are_read),
        cmocka_unit_test(what_was_written_can_be_read),
        cmocka_unit_test(every_day_is_the_right_one),
        cmocka_unit_test(cut_dates_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
