/*
 * The digests that a file is known to have, kept with it.
 *
 * They were sent by a client and verified when the file was written; we compute none on our own. They stand
 * among the dead properties, so that COPY and MOVE bring them along, as a record under the name of the live
 * property that tells them: clients can neither set it nor see it as it is. With them stand the size and the
 * modification time that the file had then: whoever writes to it behind our back, or sets its time, makes
 * the record void, and void ones are never told.
 *
 * Pure but for digeststore_read; any thread.
 */
#ifndef HOLDFAST_DIGESTSTORE_H
#define HOLDFAST_DIGESTSTORE_H

#include "webdav/checksum.h"
#include "webdav/props.h"

#define DIGESTSTORE_NS   "http://owncloud.org/ns"
#define DIGESTSTORE_NAME "checksums"

/* The stored form of dead properties, `attr`, with these digests instead of what record there is; without
 * any if `values` is NULL. `st`: size and modification time are looked at. E2BIG as props_serialize; EIO if
 * attr is damaged. */
int digeststore_replace(apr_pool_t *pool, const void *attr, size_t attr_len,
                        const struct checksum_values *values, const struct fs_stat *st, const char **out,
                        size_t *out_len);

/* Takes the record out of the list. False, and *out untouched: there is none, or it is void. */
bool digeststore_take(struct dead_prop **list, const struct fs_stat *st, struct checksum_values *out);

/* Of a file that is open for reading, and its stat. False: none is known. */
bool digeststore_read(const struct dav *dav, int fd, const struct fs_stat *st, apr_pool_t *pool,
                      struct checksum_values *out);

#endif
