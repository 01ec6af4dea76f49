/*
 * Texts are malloc'd one by one: a pool's own memory has neighbours that may be read, and the leak checker does not
 * look for pointers in it.
 */
#include "tests/fuzz/fuzz.h"

#include <apr_general.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

struct text {
    struct text *next;
    char text[];
};

static struct text *texts;

static void free_texts(void)
{
    while (texts) {
        struct text *text = texts;
        texts = text->next;
        free(text);
    }
}

apr_pool_t *fuzz_begin(const uint8_t *data, size_t size, struct fuzz_input *out)
{
    static apr_pool_t *pool;

    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    apr_pool_clear(pool);
    free_texts();
    *out = (struct fuzz_input){ .at = (const char *)data, .left = size };
    return pool;
}

char *fuzz_text(const char *bytes, size_t len)
{
    if (len)
        len = strnlen(bytes, len);
    struct text *text = malloc(sizeof *text + len + 1);
    assert(text);
    if (len)
        memcpy(text->text, bytes, len);
    text->text[len] = '\0';
    text->next = texts;
    texts = text;
    return text->text;
}

const char *fuzz_line(struct fuzz_input *in)
{
    const char *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
    size_t len = end ? (size_t)(end - in->at) : in->left;
    const char *text = fuzz_text(in->at, len);

    len += end != NULL;
    in->at += len;
    in->left -= len;
    return text;
}

const char *fuzz_rest(struct fuzz_input *in)
{
    const char *text = fuzz_text(in->at, in->left);

    in->left = 0;
    return text;
}

apr_table_t *fuzz_header(apr_pool_t *pool, const char *name, const char *value)
{
    apr_table_t *headers = apr_table_make(pool, 2);

    if (*value)
        apr_table_addn(headers, name, value);
    return headers;
}

bool fuzz_is_utf8(const char *text, size_t len)
{
    return u8_check((const uint8_t *)text, len) == NULL;
}
