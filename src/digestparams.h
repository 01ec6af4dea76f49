/*
 * The value of an Authorization header for Digest, taken apart: NAME=VALUE with commas between, values quoted or not
 * (RFC 9110 11.4, RFC 7616 3.4). Strings live in the pool given; NULL is what did not come. Threads: any.
 */
#ifndef HOLDFAST_DIGESTPARAMS_H
#define HOLDFAST_DIGESTPARAMS_H

#include <apr_pools.h>
#include <stdbool.h>

#define DIGESTPARAMS_MAX 32 /* known and unknown ones */

struct digestparams {
    const char *username; /* also from username*, decoded */
    const char *realm, *nonce, *uri, *response, *algorithm, *cnonce, *qop, *nc, *userhash;
    const char *username_ext; /* as it came */
};

/* False if it is not Digest, breaks the grammar, says something twice, or is longer than DIGESTAUTH_HEADER_MAX. */
bool digestparams_parse(const char *header, apr_pool_t *pool, struct digestparams *out);

#endif
