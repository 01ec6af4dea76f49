/*
 * A comma outside quotes always parts two keys: fields of one name may arrive merged into one.
 */
#include "src/idempotency.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "src/fieldvalue.h"

struct key {
    char bytes[IDEMPOTENCY_KEY_MAX];
    size_t size; /* 0: none yet */
};

static bool append(struct key *key, int c)
{
    if (c <= ' ' || c > '~' || key->size == sizeof key->bytes)
        return false;
    key->bytes[key->size++] = (char)c;
    return true;
}

/* A quoted string may have parameters behind it, which mean nothing to us (RFC 8941 3.3). */
static bool read_quoted(struct field_span element, struct key *out)
{
    struct field_parts parts = field_parts_of(element, ';');
    struct field_span quoted;
    struct field_word word;

    field_parts_next(&parts, &quoted);
    if (!field_word_open(quoted, &word))
        return false;
    for (int c; (c = field_word_next(&word)) >= 0;)
        if (!append(out, c))
            return false;
    return out->size > 0;
}

static bool read_bare(struct field_span element, struct key *out)
{
    for (const char *at = element.at; at < element.end; at++)
        if (*at == '"' || !append(out, (unsigned char)*at))
            return false;
    return out->size > 0;
}

struct search {
    struct key key;
    int error;
};

static int read_field(void *ctx, const char *name, const char *text)
{
    (void)name;
    struct search *search = ctx;
    struct field_parts elements = field_parts_of(field_span_of(text), ',');
    struct field_span element;

    while (search->error == 0 && field_parts_next(&elements, &element)) {
        struct key key = { .size = 0 };
        bool is_quoted = !field_span_is_empty(element) && *element.at == '"';
        bool is_key = is_quoted ? read_quoted(element, &key) : read_bare(element, &key);
        bool is_same = search->key.size == key.size && memcmp(search->key.bytes, key.bytes, key.size) == 0;

        if (!is_key || (search->key.size > 0 && !is_same))
            search->error = EINVAL;
        search->key = key;
    }
    return search->error == 0; /* 0 ends apr_table_do */
}

int idempotency_key(const apr_table_t *headers, const char **out)
{
    struct search search = { .error = 0 };

    apr_table_do(read_field, &search, headers, "Idempotency-Key", NULL);
    if (search.error)
        return search.error;
    *out = NULL;
    if (search.key.size > 0)
        *out = apr_pstrmemdup(apr_table_elts(headers)->pool, search.key.bytes, search.key.size);
    return 0;
}
