/*
 * A record is "SIZE MTIME_NS DIGESTS", the digests as in OC-Checksum: text, as dead properties are.
 */
#include "webdav/digeststore.h"

#include <apr_strings.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "webdav/digestfield.h"
#include "webdav/locks.h"
#include "webdav/noprops.h"
#include "webdav/request.h"

int digeststore_replace(apr_pool_t *pool, const void *attr, size_t attr_len,
                        const struct checksum_values *values, const struct fs_stat *st, const char **out,
                        size_t *out_len)
{
    struct dead_prop *list = NULL;

    int err = attr_len ? props_parse(pool, attr, attr_len, &list) : 0;
    if (err)
        return err;
    if (values)
        props_set(pool, &list, DIGESTSTORE_NS, DIGESTSTORE_NAME,
                  apr_psprintf(pool, "%" PRIu64 " %" PRId64 " %s", st->size, st->mtime_ns,
                               digestfield_format_oc(pool, values)));
    else
        props_remove(&list, DIGESTSTORE_NS, DIGESTSTORE_NAME);
    return props_serialize(pool, list, out, out_len);
}

static bool read_record(const char *text, const struct fs_stat *st, struct checksum_values *out)
{
    struct checksum_values values = { .has = 0 };
    char *end;

    uint64_t size = strtoull(text, &end, 10);
    int64_t mtime_ns = strtoll(end, &end, 10);
    if (size != st->size || mtime_ns != st->mtime_ns || digestfield_parse_oc(end, &values) != 0 ||
        !values.has)
        return false;
    *out = values;
    return true;
}

bool digeststore_take(struct dead_prop **list, const struct fs_stat *st, struct checksum_values *out)
{
    const struct dead_prop *record = props_find(*list, DIGESTSTORE_NS, DIGESTSTORE_NAME);

    if (!record)
        return false;
    props_remove(list, DIGESTSTORE_NS, DIGESTSTORE_NAME);
    return st->type == FS_FILE && read_record(record->markup, st, out);
}

/* Most files have none, and are read more than once. */
bool digeststore_read(const struct dav *dav, int fd, const struct fs_stat *st, apr_pool_t *pool,
                      struct checksum_values *out)
{
    struct dead_prop *list = NULL;
    const char *value;
    size_t len;

    if (noprops_knows(dav->noprops, st))
        return false;
    int err = props_stored_fd(dav->fs, fd, pool, &value, &len);
    if (err == ENODATA)
        noprops_remember(dav->noprops, st, locks_now());
    return !err && props_parse(pool, value, len, &list) == 0 && digeststore_take(&list, st, out);
}
