/*
 * By hand over spans of the header's own text: a client may send as many preferences as fit its header,
 * and none of them is worth an allocation.
 */
#include "src/prefer.h"

#include <ctype.h>

#include "src/fieldvalue.h"

#define Q_ONE 1000 /* q values have three decimals (RFC 9110 12.4.2) */

/* ---- Prefer ---- */

struct reading {
    struct prefer *prefer;
    bool has_return;
};

/* delta-seconds; one that is too large is as large as can be (RFC 9111 1.2.2). */
static bool read_wait(struct field_word word, int64_t *out_ms)
{
    int64_t ms = 0;
    int c = field_word_next(&word);

    if (c < 0)
        return false;
    for (; c >= 0; c = field_word_next(&word)) {
        if (!isdigit(c))
            return false;
        ms = ms * 10 + (int64_t)(c - '0') * 1000;
        if (ms > PREFER_WAIT_MAX_MS)
            ms = PREFER_WAIT_MAX_MS;
    }
    *out_ms = ms;
    return true;
}

static void read_preference(struct reading *reading, struct field_span name, struct field_word value)
{
    struct prefer *prefer = reading->prefer;
    bool is_plain = field_word_is(value, ""); /* an empty value is none (RFC 7240 2) */

    if (field_span_is(name, "respond-async") && is_plain)
        prefer->respond_async = true;
    else if (field_span_is(name, "processing") && is_plain)
        prefer->processing = true;
    else if (field_span_is(name, "wait") && !prefer->has_wait)
        prefer->has_wait = read_wait(value, &prefer->wait_ms);
    else if (field_span_is(name, "return") && !reading->has_return) {
        prefer->return_minimal = field_word_is(value, "minimal");
        reading->has_return = prefer->return_minimal || field_word_is(value, "representation");
    }
}

static int read_prefer_field(void *ctx, const char *field, const char *text)
{
    (void)field;
    struct field_parts elements = field_parts_of(field_span_of(text), ',');
    struct field_span element;

    while (field_parts_next(&elements, &element)) {
        struct field_parts parts = field_parts_of(element, ';');
        struct field_span preference, name, value;
        struct field_word word;

        field_parts_next(&parts, &preference); /* what follows are parameters */
        field_span_cut(preference, '=', &name, &value);
        if (field_word_open(value, &word))
            read_preference(ctx, name, word);
    }
    return 1; /* on to the next field */
}

void prefer_parse(const apr_table_t *headers, struct prefer *out)
{
    *out = (struct prefer){ .wait_ms = 0 };
    struct reading reading = { .prefer = out };
    apr_table_do(read_prefer_field, &reading, headers, "Prefer", NULL);
}

bool prefer_is_lazy(const apr_table_t *headers)
{
    const char *text = apr_table_get(headers, "OC-LazyOps");
    struct field_span first;

    if (!text)
        return false;
    struct field_parts elements = field_parts_of(field_span_of(text), ',');
    field_parts_next(&elements, &first);
    return field_span_is(first, "true") || field_span_is(first, "1");
}

/* ---- Accept ---- */

/* "0.25" as 250; -1 if it is not a weight. */
static int read_q(struct field_span text)
{
    int q = 0;
    int place = Q_ONE;

    for (const char *at = text.at; at < text.end; at++) {
        if (at == text.at + 1) {
            if (*at != '.')
                return -1;
            continue;
        }
        if (!isdigit((unsigned char)*at) || place == 0)
            return -1;
        q += (*at - '0') * place;
        place /= 10;
    }
    return field_span_is_empty(text) || q > Q_ONE ? -1 : q;
}

/* How welcome one media type is. */
struct wish {
    const char *range[2]; /* the type itself, and with any subtype */
    int specificity;      /* of the range that q comes from; 0: none matched */
    int q;
};

enum { WILDCARD = 1, ANY_SUBTYPE, EXACT };

/* The most specific range decides (RFC 9110 12.5.1), of several alike the most welcome. */
static void weigh(struct wish *wish, struct field_span range, int q)
{
    int specificity = field_span_is(range, wish->range[0])   ? EXACT
                      : field_span_is(range, wish->range[1]) ? ANY_SUBTYPE
                      : field_span_is(range, "*/*")          ? WILDCARD
                                                             : 0;
    if (!specificity || specificity < wish->specificity)
        return;
    if (specificity > wish->specificity || q > wish->q)
        wish->q = q;
    wish->specificity = specificity;
}

bool accept_wants_html(const char *accept)
{
    struct wish html = { .range = { "text/html", "text/*" } };
    struct wish json = { .range = { "application/json", "application/*" } };
    struct field_parts elements = field_parts_of(field_span_of(accept ? accept : ""), ',');
    struct field_span element;

    while (field_parts_next(&elements, &element)) {
        struct field_parts parts = field_parts_of(element, ';');
        struct field_span range, part, name, value;
        int q = Q_ONE;

        field_parts_next(&parts, &range);
        while (field_parts_next(&parts, &part)) {
            field_span_cut(part, '=', &name, &value);
            if (field_span_is(name, "q"))
                q = read_q(value);
        }
        if (q < 0)
            continue;
        weigh(&html, range, q);
        weigh(&json, range, q);
    }
    return html.specificity > WILDCARD && html.q > 0 && html.q >= json.q;
}
