/*
 * Range: bytes=... (RFC 9110 14.1.1, 14.2); declared in etag.h, beside the If-Range that governs it.
 *
 * A Range that is not understood is ignored, which is always right: the client gets everything. So is
 * one that would make us send more than everything ("0-,0-,0-"): nobody needs it, and it is an
 * old way to make a server work. Of an empty resource everything is what any range could mean, and
 * clients that ask for "0-" of whatever they find stumble over a 416.
 */
#include "webdav/etag.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Digits to a number; what is too big for one is beyond every file's end anyway. */
static bool parse_number(const char **at, uint64_t *out)
{
    const char *p = *at;
    uint64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    if (p == *at)
        return false;
    *at = p;
    *out = value;
    return true;
}

/* One range-spec; false if it is none. A length of 0 says that it cannot be satisfied. */
static bool parse_spec(const char **at, uint64_t size, struct range *out)
{
    uint64_t first, last = UINT64_MAX;
    if (**at == '-') { /* suffix-range: the last so many bytes */
        uint64_t suffix;
        ++*at;
        if (!parse_number(at, &suffix))
            return false;
        if (suffix > size)
            suffix = size;
        *out = (struct range){ .first = size - suffix, .length = suffix };
        return true;
    }

    if (!parse_number(at, &first) || **at != '-')
        return false;
    ++*at;
    if (**at >= '0' && **at <= '9' && !parse_number(at, &last))
        return false;
    if (last < first)
        return false;
    if (first >= size) {
        *out = (struct range){ .first = size, .length = 0 };
        return true;
    }
    if (last >= size)
        last = size - 1;
    *out = (struct range){ .first = first, .length = last - first + 1 };
    return true;
}

/* All of them; false if the set is not by the grammar or has more than RANGE_MAX. */
static bool parse_set(const char *at, uint64_t size, struct range out[RANGE_MAX], unsigned *out_specs,
                      unsigned *out_count)
{
    unsigned specs = 0, count = 0;
    for (;;) {
        at += strspn(at, " \t,"); /* RFC 9110 5.6.1.2: empty elements are passed over */
        if (*at == '\0')
            break;
        if (specs == RANGE_MAX || !parse_spec(&at, size, &out[count]))
            return false;
        specs++;
        if (out[count].length > 0)
            count++;
        at += strspn(at, " \t");
        if (*at != ',' && *at != '\0')
            return false;
    }
    *out_specs = specs;
    *out_count = count;
    return true;
}

static bool is_more_than_everything(const struct range *ranges, unsigned count, uint64_t size)
{
    uint64_t left = size;
    for (unsigned i = 0; i < count; i++) {
        if (ranges[i].length > left)
            return true;
        left -= ranges[i].length;
    }
    return false;
}

int range_parse(const char *header, uint64_t size, struct range out[RANGE_MAX], unsigned *out_count)
{
    static const char unit[] = "bytes="; /* RFC 9110 14.1: the names of units ignore case */
    struct range ranges[RANGE_MAX];
    unsigned specs, count;

    header += strspn(header, " \t");
    if (size == 0 || strncasecmp(header, unit, sizeof unit - 1) != 0 ||
        !parse_set(header + sizeof unit - 1, size, ranges, &specs, &count) || specs == 0 ||
        is_more_than_everything(ranges, count, size)) {
        *out_count = 0;
        return 0;
    }
    if (count == 0)
        return ERANGE;
    memcpy(out, ranges, count * sizeof *ranges);
    *out_count = count;
    return 0;
}
