/*
 * An apr_hash whose keys clients may choose.
 *
 * apr_hash multiplies by 33: whoever knows that makes thousands of names that all fall into one place, whatever it
 * begins with, and each look at the table goes through all of them. This one is keyed by a number of the process that
 * nobody outside knows.
 *
 * Life, threads, ownership: as of any other apr_hash. Several threads may make some at once.
 */
#ifndef HOLDFAST_KEYEDHASH_H
#define HOLDFAST_KEYEDHASH_H

#include <apr_hash.h>

apr_hash_t *keyedhash_make(apr_pool_t *pool);

/* What it hashes by (an apr_hashfunc_t). */
unsigned int keyedhash(const char *key, apr_ssize_t *length);

#endif
