/*
 * The other spellings of a name: composed (NFC) and decomposed (NFD).
 *
 * Both return NULL if there is nothing else to try: the name is plain ASCII, is not UTF-8 (names
 * are bytes; such ones are left alone), is in that form already, or would be longer than FS_NAME_MAX.
 */
#ifndef HOLDFAST_UNICODE_H
#define HOLDFAST_UNICODE_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

bool unicode_is_ascii(const char *bytes, size_t len);
const char *unicode_nfc(apr_pool_t *pool, const char *name);
const char *unicode_nfd(apr_pool_t *pool, const char *name);

/* Is a name, in whatever spelling, the one that is given in NFC? Nothing is allocated for names that a file can have. */
bool unicode_is_same(const char *name, size_t len, const char *nfc, size_t nfc_len);

#endif
