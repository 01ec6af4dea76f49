/*
 * What an upload's header says of its content, and what an answer says of a file's.
 *
 *   OC-Checksum: SHA1:<hex> MD5:<hex>             ownCloud's, one or more
 *   Repr-Digest: sha-256=:<base64>:, md5=:...:    RFC 9530; a dictionary of RFC 8941
 *   Content-Digest: likewise                      of an upload the same, as we take no parts of a file
 *   Content-MD5: <base64>                         RFC 1864, as old clients send it
 *
 * All are of the bytes as they come, with a Content-Encoding that they may have (RFC 9530 2 and 3): these
 * are also the bytes that are stored. Algorithms that we do not know are passed over. Pure; any thread.
 */
#ifndef HOLDFAST_DIGESTFIELD_H
#define HOLDFAST_DIGESTFIELD_H

#include <apr_tables.h>

#include "webdav/checksum.h"

/* All of them. EINVAL: *out_name is malformed. EBADMSG: it says otherwise than one before it. */
int digestfield_read(const apr_table_t *headers, struct checksum_values *out, const char **out_name);

/* "SHA256:<hex> MD5:<hex>"; case does not count, commas may stand for blanks. EINVAL, EBADMSG. */
int digestfield_parse_oc(const char *text, struct checksum_values *out);

/* The values of OC-Checksum and of Repr-Digest; "" for no values. */
const char *digestfield_format_oc(apr_pool_t *pool, const struct checksum_values *values);
const char *digestfield_format_repr(apr_pool_t *pool, const struct checksum_values *values);

/* One value for a person: "SHA256:<hex>". */
const char *digestfield_format_one(apr_pool_t *pool, const struct checksum_values *values,
                                   enum checksum_kind kind);

#endif
