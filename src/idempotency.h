/*
 * The name that a client gives to one operation, so that sending it again cannot do it again
 * (draft-ietf-httpapi-idempotency-key-header): the header Idempotency-Key.
 *
 * The draft wants a quoted string (RFC 8941 3.3.3), most clients send the key bare; the same key in
 * either form is one key. Pure but for the copy of the key in the headers' own pool.
 */
#ifndef HOLDFAST_IDEMPOTENCY_H
#define HOLDFAST_IDEMPOTENCY_H

#include <apr_tables.h>

#define IDEMPOTENCY_KEY_MAX 255 /* bytes, after unquoting */

/* *out is the key without quotes, in the pool of the table, or NULL if there is no such header. EINVAL:
 * empty, too long, not visible ASCII, badly quoted, or there more than once and not always the same. */
int idempotency_key(const apr_table_t *headers, const char **out);

#endif
