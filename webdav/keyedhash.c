/*
 * XXH3 mixes its seed into every step, so what collides under one seed does not under another.
 */
#include "webdav/keyedhash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

static pthread_once_t seeded = PTHREAD_ONCE_INIT;
static uint64_t seed;

static void make_seed(void)
{
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        abort();
}

unsigned int keyedhash(const char *key, apr_ssize_t *length)
{
    pthread_once(&seeded, make_seed);
    if (*length == APR_HASH_KEY_STRING)
        *length = (apr_ssize_t)strlen(key);
    return (unsigned int)XXH3_64bits_withSeed(key, (size_t)*length, seed);
}

apr_hash_t *keyedhash_make(apr_pool_t *pool)
{
    return apr_hash_make_custom(pool, keyedhash);
}
