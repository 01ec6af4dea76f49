/*
 * The grammar that header values share: lists, parameters, tokens and quoted strings (RFC 9110 5.6).
 *
 * Nothing is copied or allocated: a span points into the value it came from and lives as long. Splitting
 * a value into all its parts takes time linear in its length, whatever is in it. Pure; any thread.
 *
 * A quotation mark that is never closed is an ordinary character, so that a malformed part ends where the
 * next separator stands and does not swallow the parts behind it.
 */
#ifndef HOLDFAST_FIELDVALUE_H
#define HOLDFAST_FIELDVALUE_H

#include <stdbool.h>

struct field_span {
    const char *at, *end;
};

/* The parts between separators that do not stand in quotes. */
struct field_parts {
    const char *at; /* NULL: there are no more */
    const char *end;
    char separator;
    bool is_unclosed; /* a quotation mark without its second one was met: so are all that follow it */
};

struct field_parts field_parts_of(struct field_span value, char separator);

/* The next part without blanks around it, maybe empty; false at the end. */
bool field_parts_next(struct field_parts *parts, struct field_span *out);

struct field_span field_span_of(const char *text);
struct field_span field_span_trim(struct field_span span);

static inline bool field_span_is_empty(struct field_span span)
{
    return span.at == span.end;
}

/* Case does not count. */
bool field_span_is(struct field_span span, const char *text);

/* Cuts at the first separator, quoted or not: *out_head is what is before it, *out_tail what is behind
 * (empty if there is no separator), both without blanks around them. */
void field_span_cut(struct field_span span, char separator, struct field_span *out_head,
                    struct field_span *out_tail);

/* A token or a quoted string, read character by character. */
struct field_word {
    struct field_span rest;
    bool is_quoted;
};

/* False if the span is neither; an empty one is an empty token. */
bool field_word_open(struct field_span span, struct field_word *out);

/* The next character, escapes resolved; -1 at the end. */
int field_word_next(struct field_word *word);

/* Is the whole of it this text? Case does not count. */
bool field_word_is(struct field_word word, const char *text);

#endif
