/*
 * The If header: what is accepted says the same when it is written down and read again, names only what was in
 * the text, and is evaluated without asking more than its bound.
 */
#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webdav/ifheader.h"

static const char *write_down(apr_pool_t *pool, const struct ifheader *header, unsigned *out_count)
{
    apr_array_header_t *parts = apr_array_make(pool, 16, sizeof(const char *));
    unsigned count = 0;

    for (const struct if_list *list = header->lists; list; list = list->next) {
        if (list->resource)
            APR_ARRAY_PUSH(parts, const char *) = apr_pstrcat(pool, "<", list->resource, ">", NULL);
        APR_ARRAY_PUSH(parts, const char *) = "(";
        assert(list->conditions); /* RFC 4918 10.4.2: a list is not empty */
        for (const struct if_condition *c = list->conditions; c; c = c->next, count++) {
            const char *form = c->kind == IF_TOKEN ? "<%s>" : "[%s]";
            APR_ARRAY_PUSH(parts, const char *) = c->is_not ? "Not " : "";
            APR_ARRAY_PUSH(parts, const char *) =
                apr_pstrcat(pool, form[0] == '<' ? "<" : "[", c->value, form[0] == '<' ? ">" : "]", NULL);
        }
        APR_ARRAY_PUSH(parts, const char *) = ")";
    }
    *out_count = count;
    return apr_array_pstrcat(pool, parts, ' ');
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same(const struct ifheader *a, const struct ifheader *b)
{
    const struct if_list *first = a->lists, *second = b->lists;

    for (; first && second; first = first->next, second = second->next) {
        const struct if_condition *c = first->conditions, *d = second->conditions;
        assert(is_same(first->resource, second->resource));
        for (; c && d; c = c->next, d = d->next)
            assert(c->is_not == d->is_not && c->kind == d->kind && strcmp(c->value, d->value) == 0);
        assert(!c && !d);
    }
    assert(!first && !second);
}

struct asked {
    unsigned count;
    bool answer;
};

static bool match(void *ctx, const char *resource, enum if_kind kind, const char *value)
{
    struct asked *asked = ctx;

    assert(!resource || *resource);
    assert(kind == IF_TOKEN ? *value : strchr(value, '"') != NULL);
    asked->count++;
    return asked->answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct ifheader *header, *again;
    unsigned count;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *text = fuzz_rest(&in);
    if (ifheader_parse(pool, text, &header) != 0)
        return 0;
    const char *written = write_down(pool, header, &count);
    assert(count > 0 && count <= IFHEADER_MAX_CONDITIONS);
    assert(ifheader_parse(pool, written, &again) == 0);
    assert_same(header, again);
    for (const struct if_list *list = header->lists; list; list = list->next)
        for (const struct if_condition *c = list->conditions; c; c = c->next) {
            assert(strstr(text, c->value));
            assert(c->kind != IF_TOKEN || ifheader_has_token(header, c->value));
        }
    for (int answer = 0; answer < 2; answer++) {
        struct asked asked = { .answer = answer };
        ifheader_evaluate(header, match, &asked);
        assert(asked.count > 0 && asked.count <= count);
    }
    return 0;
}
