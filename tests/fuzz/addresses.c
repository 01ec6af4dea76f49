/*
 * X-Forwarded-For, and blocks of addresses as options have them. Lines: a block, the header's value.
 */
#include <assert.h>
#include <string.h>

#include "src/addresses.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct address_list trusted = { .count = 0 };
    struct address peer, again;
    char text[INET6_ADDRSTRLEN];

    fuzz_begin(data, size, &in);
    const char *block = fuzz_line(&in), *forwarded = fuzz_line(&in);
    assert(address_parse("10.0.0.1", 8, &peer) && address_list_add(&trusted, "10.0.0.0/8"));
    address_list_add(&trusted, block);
    struct address client = address_behind(&peer, forwarded, &trusted);
    assert(address_text(&client, text) && address_parse(text, strlen(text), &again));
    assert(memcmp(&client, &again, sizeof client) == 0);
    return 0;
}
