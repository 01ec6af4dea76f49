/*
 * Dates by APR, which formats and parses them without a look at the locale (strftime does look).
 *
 * apr_date_parse_http has habits that we must work around: it answers 0 both for the beginning of
 * 1970 and for nonsense, takes nothing before that (files do have such times, and clients send back
 * what they were told), and does not look at what stands after the seconds.
 */
#include "webdav/httpdate.h"

#include <apr_date.h>
#include <apr_time.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_SEC           1000000000
#define SECONDS_IN_400_YEARS 12622780800
#define DATE_MAX             63

/* Rounded down also before 1970. */
static int64_t whole_seconds(int64_t time_ns)
{
    return time_ns / NS_PER_SEC - (time_ns % NS_PER_SEC < 0);
}

size_t httpdate_format(int64_t time_ns, char out[HTTPDATE_SIZE])
{
    /* In a listing many files have the second of their neighbour, and a calendar is dear. */
    static _Thread_local char last[APR_RFC822_DATE_LEN];
    static _Thread_local int64_t last_seconds = INT64_MIN;
    int64_t seconds = whole_seconds(time_ns);

    if (seconds != last_seconds) {
        apr_rfc822_date(last, apr_time_from_sec(seconds));
        last_seconds = seconds;
    }
    memcpy(out, last, sizeof last);
    return sizeof last - 1;
}

static char *put_digits(char *out, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

size_t httpdate_format_iso(int64_t time_ns, char out[HTTPDATE_SIZE])
{
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, apr_time_from_sec(whole_seconds(time_ns)));

    char *end = put_digits(out, t.tm_year + 1900, 4);
    *end++ = '-';
    end = put_digits(end, t.tm_mon + 1, 2);
    *end++ = '-';
    end = put_digits(end, t.tm_mday, 2);
    *end++ = 'T';
    end = put_digits(end, t.tm_hour, 2);
    *end++ = ':';
    end = put_digits(end, t.tm_min, 2);
    *end++ = ':';
    end = put_digits(end, t.tm_sec, 2);
    *end++ = 'Z';
    *end = '\0';
    return (size_t)(end - out);
}

static bool is_epoch(const char *date)
{
    return strcmp(date, "Thu, 01 Jan 1970 00:00:00 GMT") == 0 ||
           strcmp(date, "Thursday, 01-Jan-70 00:00:00 GMT") == 0 ||
           strcmp(date, "Thu Jan  1 00:00:00 1970") == 0;
}

/* A copy without the blanks around it, as a header's value may have them; false if it is too long to be
 * a date. */
static bool trim(const char *text, char out[DATE_MAX + 1])
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len > DATE_MAX)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* Where the year is, NULL if it has two digits; false if this cannot be a date. RFC 9110
 * 5.6.7: the two forms that have a comma after the weekday end in GMT, the other in the year. */
static bool find_year(char *date, char **out_year)
{
    size_t len = strlen(date);
    const char *comma = strchr(date, ',');
    if (!comma) {
        *out_year = date + len - 4;
        return len == 24;
    }
    if (strchr(comma + 1, ',') || len < 4 || strcmp(date + len - 4, " GMT") != 0)
        return false;
    *out_year = comma == date + 3 && len == 29 ? date + 12 : NULL;
    return true;
}

/* APR knows no years before 1970, but the calendar repeats itself after 400 years, weekdays included. */
static int64_t shift_year(char *year)
{
    if (!year || strspn(year, "0123456789") < 4 || strncmp(year, "1970", 4) >= 0 ||
        strncmp(year, "1600", 4) < 0)
        return 0;
    int shifted = (year[0] - '0') * 1000 + (year[1] - '0') * 100 + (year[2] - '0') * 10 + (year[3] - '0');
    put_digits(year, shifted + 400, 4);
    return SECONDS_IN_400_YEARS;
}

bool httpdate_parse(const char *text, int64_t *out_time_ns)
{
    char date[DATE_MAX + 1];
    char *year;
    if (!trim(text, date) || !find_year(date, &year))
        return false;

    int64_t shift = shift_year(year);
    apr_time_t time = apr_date_parse_http(date);
    if (time == APR_DATE_BAD && !is_epoch(date))
        return false;

    /* From 1677 to 2262: what is beyond either end is as good as that end. */
    int64_t seconds = apr_time_sec(time) - shift;
    if (seconds > INT64_MAX / NS_PER_SEC)
        seconds = INT64_MAX / NS_PER_SEC;
    if (seconds < INT64_MIN / NS_PER_SEC)
        seconds = INT64_MIN / NS_PER_SEC;
    *out_time_ns = seconds * NS_PER_SEC;
    return true;
}
