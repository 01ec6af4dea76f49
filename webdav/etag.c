/*
 * Validators and the conditional headers made of them, by RFC 9110 8.8 and 13.
 *
 * A header that says nothing sound is treated so that no content is lost by it: a malformed If-Match
 * matches nothing (412), a malformed date is as if it had not been sent (RFC 9110 13.1.3, 13.1.4).
 */
#include "webdav/etag.h"

#include <endian.h>
#include <string.h>

#include "webdav/httpdate.h"

/* ---- making tags ---- */

/* Eight digits at once, in a word whose lowest byte is the first digit: each nibble moves into a byte of its own,
 * and then becomes a digit, those over 9 with the distance from '9' to 'a' added. */
static void put_digits(char out[8], uint32_t value)
{
    uint64_t x = __builtin_bswap32(value);
    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x >> 4 | x << 8) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t letters = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    x = htole64(x + UINT64_C(0x3030303030303030) + letters * ('a' - '9' - 1));
    memcpy(out, &x, sizeof(x));
}

/* Without leading zeros: what counts is shifted to the front. Writes sixteen bytes, wherever the number ends. */
static char *put_hex(char *out, uint64_t value)
{
    unsigned zeros = value ? (unsigned)__builtin_clzll(value) / 4 : 15;
    value <<= 4 * zeros;
    put_digits(out, (uint32_t)(value >> 32));
    put_digits(out + 8, (uint32_t)value);
    return out + 16 - zeros;
}

/* By hand, as every entry of every listing has one: printf takes ten times as long, and a loop over the
 * digits was a fifth of all instructions. */
size_t etag_format(const struct fs_stat *st, char out[ETAG_SIZE])
{
    char *end = out;
    *end++ = '"';
    end = put_hex(end, st->ino);
    *end++ = '-';
    end = put_hex(end, (uint64_t)st->btime_ns);
    *end++ = '-';
    end = put_hex(end, (uint64_t)st->mtime_ns);
    *end++ = '-';
    end = put_hex(end, st->size);
    *end++ = '"';
    *end = '\0';
    return (size_t)(end - out);
}

/* ---- comparing them ---- */

const char *etag_list_next(const char **at, size_t *out_len)
{
    const char *begin = *at + strspn(*at, " \t,");
    if (*begin == '\0')
        return NULL;

    const char *end = begin;
    for (bool quoted = false; *end && (quoted || *end != ','); end++)
        if (*end == '"')
            quoted = !quoted;
    *at = end;
    while (end[-1] == ' ' || end[-1] == '\t')
        end--;
    *out_len = (size_t)(end - begin);
    return begin;
}

static bool is_weak(const char *etag)
{
    return etag[0] == 'W' && etag[1] == '/';
}

/* RFC 9110 8.8.3.2: strong comparison wants both to be strong, weak only looks at what is quoted. */
static bool same_tag(const char *element, size_t len, const char *etag, bool weak_ok)
{
    if (!weak_ok && (is_weak(element) || is_weak(etag)))
        return false;
    if (is_weak(element)) {
        element += 2;
        len -= 2;
    }
    if (is_weak(etag))
        etag += 2;
    return len >= 2 && *element == '"' && strlen(etag) == len && memcmp(element, etag, len) == 0;
}

bool etag_list_matches(const char *list, const char *etag, bool weak_ok)
{
    size_t len;
    const char *element;
    while ((element = etag_list_next(&list, &len)))
        if ((len == 1 && *element == '*') || same_tag(element, len, etag, weak_ok))
            return true;
    return false;
}

/* ---- conditional headers ---- */

struct tag_search {
    const char *etag;
    bool weak_ok;
    bool found;
};

static int search_field(void *ctx, const char *name, const char *value)
{
    (void)name;
    struct tag_search *search = ctx;
    search->found = etag_list_matches(value, search->etag, search->weak_ok);
    return !search->found; /* 0 ends apr_table_do */
}

/* RFC 9110 5.3: repeated fields are one list. Of what does not exist not even "*" is true. */
static bool header_matches(const apr_table_t *headers, const char *name, const struct fs_stat *st,
                           bool weak_ok)
{
    if (!st)
        return false;
    char etag[ETAG_SIZE];
    etag_format(st, etag);
    struct tag_search search = { .etag = etag, .weak_ok = weak_ok };
    apr_table_do(search_field, &search, headers, name, NULL);
    return search.found;
}

static int count_field(void *ctx, const char *name, const char *value)
{
    (void)name;
    (void)value;
    ++*(unsigned *)ctx;
    return 1;
}

/* Dates have whole seconds, so ours is cut to those before it is compared. */
static int64_t whole_seconds(int64_t time_ns)
{
    return time_ns - (time_ns % 1000000000 + 1000000000) % 1000000000;
}

/* A date to compare with; false if there is none, or it says nothing (RFC 9110 13.1.3: no date, or more
 * than one), or there is nothing to compare it with. */
static bool header_date(const apr_table_t *headers, const char *name, const struct fs_stat *st,
                        int64_t *out_time_ns)
{
    unsigned fields = 0;
    apr_table_do(count_field, &fields, headers, name, NULL);
    return st && fields == 1 && httpdate_parse(apr_table_get(headers, name), out_time_ns);
}

int etag_preconditions(const apr_table_t *headers, const struct fs_stat *st, bool safe)
{
    int64_t date;

    /* RFC 9110 13.2.2, steps 1 and 2 */
    if (apr_table_get(headers, "If-Match")) {
        if (!header_matches(headers, "If-Match", st, false))
            return 412;
    } else if (header_date(headers, "If-Unmodified-Since", st, &date)) {
        if (whole_seconds(st->mtime_ns) > date)
            return 412;
    }

    /* steps 3 and 4 */
    if (apr_table_get(headers, "If-None-Match")) {
        if (header_matches(headers, "If-None-Match", st, true))
            return safe ? 304 : 412;
    } else if (safe && header_date(headers, "If-Modified-Since", st, &date)) {
        if (whole_seconds(st->mtime_ns) <= date)
            return 304;
    }
    return 0;
}

/* Step 5, RFC 9110 13.1.5: equal strongly, or the very date. */
bool etag_if_range(const apr_table_t *headers, const struct fs_stat *st)
{
    const char *value = apr_table_get(headers, "If-Range");
    if (!value)
        return true;
    if (!st)
        return false;

    int64_t date;
    if (*value != '"' && !is_weak(value))
        return header_date(headers, "If-Range", st, &date) && whole_seconds(st->mtime_ns) == date;
    char etag[ETAG_SIZE];
    etag_format(st, etag);
    return strcmp(value, etag) == 0;
}
