/*
 * Formatting is by hand: a listing has two dates for each entry, and what the C library and APR have for
 * it takes a lock and looks for a time zone to find that it is GMT. What was formatted last is kept, as
 * files made together have the same second.
 *
 * Parsing is APR's, which does it without a look at the locale. Its apr_date_parse_http has habits that
 * we must work around: it answers 0 both for the beginning of 1970 and for nonsense, takes nothing before that (files
 * do have such times, and clients send back what they were told), and does not look at what stands after
 * the seconds.
 */
#include "webdav/httpdate.h"

#include <apr_date.h>
#include <apr_time.h>
#include <string.h>

#define NS_PER_SEC           1000000000
#define SECONDS_PER_DAY      86400
#define SECONDS_IN_400_YEARS 12622780800
#define DATE_MAX             63

/* Rounded down also before 1970. */
static int64_t whole_seconds(int64_t time_ns)
{
    return time_ns / NS_PER_SEC - (time_ns % NS_PER_SEC < 0);
}

struct moment {
    int year, month, day; /* month and day from 1 */
    int weekday;          /* 0: Sunday */
    int second;           /* of the day */
};

/* The Gregorian calendar in years that begin in March, so that a leap day is a year's last, and in eras of 400
 * years, which have 146097 days each. Nanoseconds reach from 1677 to 2262: nothing is negative here. */
static struct moment moment_of(int64_t seconds)
{
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    int since_era_0 = (int)(days + 719468); /* from 1 March of the year 0, a Wednesday */
    int era = since_era_0 / 146097;
    int day = since_era_0 % 146097;
    int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int month = (5 * day + 2) / 153; /* 0: March; twice five months of 153 days, and two more */

    return (struct moment){ .year = 400 * era + year + (month >= 10),
                            .month = month < 10 ? month + 3 : month - 9,
                            .day = day - (153 * month + 2) / 5 + 1,
                            .weekday = (since_era_0 + 3) % 7,
                            .second = (int)(seconds - days * SECONDS_PER_DAY) };
}

static char *put_digits(char *out, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

static char *put_time(char *out, int second)
{
    out = put_digits(out, second / 3600, 2);
    *out++ = ':';
    out = put_digits(out, second / 60 % 60, 2);
    *out++ = ':';
    return put_digits(out, second % 60, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static void put_http(int64_t seconds, char out[HTTPDATE_SIZE])
{
    static const char weekdays[] = "Sun, Mon, Tue, Wed, Thu, Fri, Sat, ";
    static const char months[] = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
    const struct moment t = moment_of(seconds);

    memcpy(out, weekdays + 5 * t.weekday, 5);
    memcpy(put_digits(out + 5, t.day, 2), months + 5 * (t.month - 1), 5);
    *put_digits(out + 12, t.year, 4) = ' ';
    memcpy(put_time(out + 17, t.second), " GMT", 5);
}

/* "1994-11-06T08:49:37Z" */
static void put_iso(int64_t seconds, char out[HTTPDATE_SIZE])
{
    const struct moment t = moment_of(seconds);

    *put_digits(out, t.year, 4) = '-';
    *put_digits(out + 5, t.month, 2) = '-';
    *put_digits(out + 8, t.day, 2) = 'T';
    memcpy(put_time(out + 11, t.second), "Z", 2);
}

size_t httpdate_format(int64_t time_ns, char out[HTTPDATE_SIZE])
{
    static _Thread_local char last[HTTPDATE_SIZE];
    static _Thread_local int64_t last_seconds = INT64_MIN;
    int64_t seconds = whole_seconds(time_ns);

    if (seconds != last_seconds)
        put_http(last_seconds = seconds, last);
    memcpy(out, last, sizeof last);
    return sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1;
}

size_t httpdate_format_iso(int64_t time_ns, char out[HTTPDATE_SIZE])
{
    static _Thread_local char last[HTTPDATE_SIZE];
    static _Thread_local int64_t last_seconds = INT64_MIN;
    int64_t seconds = whole_seconds(time_ns);

    if (seconds != last_seconds)
        put_iso(last_seconds = seconds, last);
    memcpy(out, last, sizeof last);
    return sizeof "1994-11-06T08:49:37Z" - 1;
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
