/*
 * Content types from the system's table (/etc/mime.types), by a name's last extension.
 *
 * Loaded once at start into a hash; read-only afterwards, so any thread may ask.
 */
#ifndef HOLDFAST_MIME_H
#define HOLDFAST_MIME_H

#include <apr_pools.h>

struct mime;

/* A missing file is not an error: everything is then application/octet-stream. */
int mime_open(apr_pool_t *pool, const char *file, struct mime **out);

#define MIME_TYPE_MAX 300 /* bytes of what is returned (RFC 6838 4.2: 127 on either side of the slash) */

/* With "; charset=utf-8" for text types; never NULL. */
const char *mime_type(const struct mime *mime, const char *name);

#endif
