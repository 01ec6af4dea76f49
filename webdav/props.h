/*
 * Properties: one table of the live ones, and the dead ones as kept with the file.
 *
 * Dead properties of a resource are one value (FS_ATTR_NAME): records "ns NUL name NUL markup NUL",
 * after a version byte; markup is the whole element, standing on its own. So a PROPPATCH is one
 * write, and they go where the file goes. Where the file system has no room for it: propstore.h.
 *
 * Two live ones can be set (proppatch.c): DAV:getlastmodified and Apache's executable act on the file. A
 * DAV:displayname that was set is a dead property, which goes before the live one of that name.
 */
#ifndef HOLDFAST_PROPS_H
#define HOLDFAST_PROPS_H

#include "webdav/request.h"
#include "webdav/xmlread.h"

#define PROPS_MAX DAV_PROPERTY_MAX /* bytes of all dead properties of a resource */

struct lock;

/* ---- dead properties ---- */

struct dead_prop {
    const char *ns, *name, *markup;
    bool is_told; /* false when loaded; for whoever writes a list in two goes */
    struct dead_prop *next;
};

/* A resource by two names: its path, and `name` in `dir`, which links lead to no further. */
struct props_place {
    struct dav *dav;
    const char *path;
    struct fs_dir *dir;
    const char *name;
};

/* The attribute's value as it is stored, in the pool: of an entry of a directory, of an open file. ENODATA: there is none,
 * or the file system keeps none. */
int props_stored(struct fs_dir *dir, const char *name, apr_pool_t *pool, const char **out, size_t *out_len);
int props_stored_fd(struct fs *fs, int fd, apr_pool_t *pool, const char **out, size_t *out_len);

/* An empty list if there are none. EIO if the value is damaged. */
int props_load(const struct props_place *place, apr_pool_t *pool, struct dead_prop **out);

/* A list as a value; *out_len 0 for an empty one. E2BIG over PROPS_MAX. */
int props_serialize(apr_pool_t *pool, const struct dead_prop *list, const char **out, size_t *out_len);

/* The other way; not of an empty one. Its strings stay in `value`. EIO if it is damaged. */
int props_parse(apr_pool_t *pool, const char *value, size_t len, struct dead_prop **out);

/* Keeps the value in the attribute, or if that has no room for it (E2BIG, ENOSPC, ENOTSUP) in the state
 * database. A crash leaves the old value or the new one. props_settle follows once the resource has
 * reached the disk, if that is wanted: until then an old value in the database stays. */
int props_save(const struct props_place *place, apr_pool_t *pool, const char *value, size_t len,
               bool *out_in_attr);
int props_settle(const struct props_place *place);

unsigned props_count(const struct dead_prop *list);

/* NULL if it is not in the list. */
struct dead_prop *props_find(struct dead_prop *list, const char *ns, const char *name);

/* Replaces or adds; removes (no matter if absent). The list is changed in place. */
void props_set(apr_pool_t *pool, struct dead_prop **list, const char *ns, const char *name,
               const char *markup);
void props_remove(struct dead_prop **list, const char *ns, const char *name);

/* ---- live properties ---- */

enum live_prop {
    LIVE_NONE, /* not a live property of ours */
    LIVE_CREATIONDATE,
    LIVE_DISPLAYNAME,
    LIVE_GETCONTENTLENGTH,
    LIVE_GETCONTENTTYPE,
    LIVE_GETETAG,
    LIVE_GETLASTMODIFIED,
    LIVE_LOCKDISCOVERY,
    LIVE_RESOURCETYPE,
    LIVE_SUPPORTEDLOCK,
    LIVE_QUOTA_AVAILABLE,
    LIVE_QUOTA_USED,
    LIVE_EXECUTABLE,
    LIVE_CHECKSUMS,
    LIVE_PRIVILEGES,
    LIVE_COUNT
};

enum live_prop props_live(const char *ns, const char *name);

/* Where values belong that were left out: props_put_value makes them. */
struct prop_holes {
    unsigned count;
    struct {
        size_t at; /* in the buffer that was written to */
        enum live_prop prop;
    } hole[LIVE_COUNT];
    bool has_unknown; /* there are others, which must be written each time */
};

/* What a live property is computed from; one per entry, on the caller's stack. */
struct prop_subject {
    struct dav *dav;
    const char *path;
    const char *name; /* the last one in the path, "" for the root; what has to do with locks needs none */
    const struct fs_stat *st;
    const struct lock *locks; /* that cover it */
    enum access_right right;  /* of whoever asks, at the path */
    const char *checksums;    /* as digestfield_format_oc; NULL: none are known */
    struct prop_holes *holes; /* not NULL: written is what all resources of this type have in common */
};

/* Appends the element with its value; false (nothing appended) if the resource does not have it. */
bool props_write_live(enum live_prop prop, const struct prop_subject *subject, struct buffer *out);

/* The bare value of a property that has a hole, at `out`; returns its end. props_values_max: how many bytes all that
 * have holes take together, at most. */
char *props_put_value(enum live_prop prop, const struct prop_subject *subject, char *out);
size_t props_values_max(const struct prop_subject *subject);

/* In DAV:allprop? (All but quota, RFC 4331 3, and ownCloud's.) */
bool props_is_in_allprop(enum live_prop prop);

/* Does a resource of this type have it at all? */
bool props_applies(enum live_prop prop, const struct fs_stat *st);

/* The empty element, for propname. */
void props_write_name(enum live_prop prop, struct buffer *out);

#endif
