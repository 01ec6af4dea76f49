/*
 * How the values of options are read: what is common to many rows of the table.
 */
#include "src/optionrow.h"

#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool options_parse_seconds(const char *text, int64_t min_ms, int64_t max_ms, int64_t *out_ms)
{
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds))
        return false;
    double ms = seconds * 1000;
    if (ms < (double)min_ms || ms > (double)max_ms)
        return false;
    *out_ms = (int64_t)(ms + 0.5);
    return true;
}

bool options_parse_size(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    uint64_t size = strtoull(text, &end, 10);
    if (errno)
        return false;
    if (*end) {
        const char *unit = strchr(units, toupper((unsigned char)*end));
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        if (!unit || (end[1] && strcmp(end + 1, "iB") != 0) || size > UINT64_MAX >> shift)
            return false;
        size <<= shift;
    }
    *out = size;
    return true;
}

bool option_read_switch(struct option_reading *r, const char *value)
{
    bool is_yes = strcmp(value, "yes") == 0;
    if (!is_yes && strcmp(value, "no") != 0)
        return false;
    *(bool *)r->field = is_yes;
    return true;
}

bool option_read_count(struct option_reading *r, const char *value)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno || n > INT64_MAX)
        return false;
    if ((int64_t)n < r->row->min || (int64_t)n > r->row->max)
        return false;
    *(unsigned *)r->field = (unsigned)n;
    return true;
}

bool option_read_seconds(struct option_reading *r, const char *value)
{
    return options_parse_seconds(value, r->row->min, r->row->max, r->field);
}

bool option_read_size(struct option_reading *r, const char *value)
{
    uint64_t size;
    if (!options_parse_size(value, &size) || size < (uint64_t)r->row->min)
        return false;
    if (r->row->max && size > (uint64_t)r->row->max)
        return false;
    *(uint64_t *)r->field = size;
    return true;
}

bool option_read_text(struct option_reading *r, const char *value)
{
    *(const char **)r->field = value;
    return *value != '\0';
}

static int word_place(const struct option_row *row, const char *value)
{
    for (int i = 0; row->words[i]; i++)
        if (strcmp(row->words[i], value) == 0)
            return i;
    return -1;
}

bool option_read_word(struct option_reading *r, const char *value)
{
    int place = word_place(r->row, value);
    if (place >= 0)
        *(int *)r->field = place;
    return place >= 0;
}

bool option_read_either(struct option_reading *r, const char *value)
{
    int place = word_place(r->row, value);
    if (place >= 0)
        *(bool *)r->field = place == 1;
    return place >= 0;
}

const char *option_initial(const struct option_row *row)
{
    return row->takes ? row->initial : "no";
}

/* "a, b or c" */
static const char *join_words(apr_pool_t *pool, const char *const *words)
{
    const char *text = words[0];
    for (int i = 1; words[i]; i++)
        text = apr_pstrcat(pool, text, words[i + 1] ? ", " : " or ", words[i], NULL);
    return text;
}

const char *option_range(apr_pool_t *pool, const struct option_row *row)
{
    if (row->range)
        return row->range;
    if (row->read == option_read_switch)
        return "yes or no";
    if (row->read == option_read_count)
        return apr_psprintf(pool, "%" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, row->min, row->max);
    if (row->read == option_read_seconds) {
        char text[64];
        snprintf(text, sizeof text, "%.7g to %.7g", (double)row->min / 1000, (double)row->max / 1000);
        return apr_pstrdup(pool, text);
    }
    if (row->read == option_read_size)
        return "a number, with K, M, G or T behind it if you like";
    return row->words ? join_words(pool, row->words) : NULL;
}
