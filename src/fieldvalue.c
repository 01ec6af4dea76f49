/*
 * Why the search for a closing quotation mark is linear in all: if there is none behind one mark, then
 * every later mark has an odd number of backslashes before it as seen from there, and a search that
 * begins at it goes on in the same phase. So there is none behind those either, and one failed search
 * is enough for a whole value.
 */
#include "src/fieldvalue.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110 5.6.2 */
static bool is_token_char(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Behind the mark that closes the one at `at`; NULL if there is none. */
static const char *find_quoted_end(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

struct field_span field_span_of(const char *text)
{
    return (struct field_span){ text, text + strlen(text) };
}

struct field_span field_span_trim(struct field_span span)
{
    while (span.at < span.end && is_blank(*span.at))
        span.at++;
    while (span.at < span.end && is_blank(span.end[-1]))
        span.end--;
    return span;
}

bool field_span_is(struct field_span span, const char *text)
{
    size_t len = (size_t)(span.end - span.at);
    return strlen(text) == len && strncasecmp(span.at, text, len) == 0;
}

void field_span_cut(struct field_span span, char separator, struct field_span *out_head,
                    struct field_span *out_tail)
{
    const char *cut = memchr(span.at, separator, (size_t)(span.end - span.at));
    struct field_span head = { span.at, cut ? cut : span.end };
    struct field_span tail = { cut ? cut + 1 : span.end, span.end };

    *out_head = field_span_trim(head);
    *out_tail = field_span_trim(tail);
}

struct field_parts field_parts_of(struct field_span value, char separator)
{
    return (struct field_parts){ .at = value.at, .end = value.end, .separator = separator };
}

bool field_parts_next(struct field_parts *parts, struct field_span *out)
{
    if (!parts->at)
        return false;

    const char *at = parts->at;
    while (at < parts->end && *at != parts->separator) {
        const char *close = NULL;
        if (*at == '"' && !parts->is_unclosed) {
            close = find_quoted_end(at, parts->end);
            parts->is_unclosed = !close;
        }
        at = close ? close : at + 1;
    }
    *out = field_span_trim((struct field_span){ parts->at, at });
    parts->at = at < parts->end ? at + 1 : NULL;
    return true;
}

bool field_word_open(struct field_span span, struct field_word *out)
{
    bool is_quoted = !field_span_is_empty(span) && *span.at == '"';

    if (is_quoted) {
        if (find_quoted_end(span.at, span.end) != span.end)
            return false;
        span.at++;
        span.end--;
    } else {
        for (const char *at = span.at; at < span.end; at++)
            if (!is_token_char(*at))
                return false;
    }
    *out = (struct field_word){ .rest = span, .is_quoted = is_quoted };
    return true;
}

int field_word_next(struct field_word *word)
{
    if (field_span_is_empty(word->rest))
        return -1;
    if (word->is_quoted && *word->rest.at == '\\')
        word->rest.at++; /* never the last one: it would have escaped the closing mark */
    return (unsigned char)*word->rest.at++;
}

bool field_word_is(struct field_word word, const char *text)
{
    int c;
    for (; (c = field_word_next(&word)) >= 0; text++)
        if (!*text || tolower(c) != tolower((unsigned char)*text))
            return false;
    return !*text;
}
