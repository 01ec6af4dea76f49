/*
 * Prefer, OC-LazyOps and Accept: wishes. One that makes no sense changes nothing about the rest, a wait is never
 * beyond its bound, and who accepts anything gets JSON.
 *
 * Lines: OC-LazyOps, Accept, then Prefer any number of times.
 */
#include <assert.h>
#include <string.h>

#include "src/prefer.h"
#include "tests/fuzz/fuzz.h"

#define FIELDS_MAX 16

static bool is_same(const struct prefer *a, const struct prefer *b)
{
    return a->respond_async == b->respond_async && a->processing == b->processing &&
           a->return_minimal == b->return_minimal && a->has_wait == b->has_wait &&
           (!a->has_wait || a->wait_ms == b->wait_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct prefer prefer, again;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    apr_table_t *headers = fuzz_header(pool, "OC-LazyOps", fuzz_line(&in));
    const char *accept = fuzz_line(&in);
    prefer_is_lazy(headers);
    assert(!accept_wants_html(accept) || strchr(accept, '/'));
    for (int i = 0; i < FIELDS_MAX && in.left; i++)
        apr_table_addn(headers, "Prefer", fuzz_line(&in));
    prefer_parse(headers, &prefer);
    assert(!prefer.has_wait || (prefer.wait_ms >= 0 && prefer.wait_ms <= PREFER_WAIT_MAX_MS));
    prefer_parse(headers, &again);
    assert(is_same(&prefer, &again));
    apr_table_addn(headers, "Prefer", "x-nobody-knows; a=\"b, wait=5\", , wait=x, =");
    prefer_parse(headers, &again);
    assert(is_same(&prefer, &again));
    return 0;
}
