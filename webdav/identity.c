/*
 * What a request asks for, as one text: equal for two requests if they ask for the very same thing.
 *
 * The text is made from what the headers come to (effective Depth, parsed If, dates as numbers) and not
 * from how they were written, so what reads a header is what the methods use. Names are brought to NFC,
 * as one and the same name comes in two spellings; the disk is asked only where a client sends others, and
 * then only to tell two things apart that both exist. In a key each value has its length before it, so that
 * no value can look like another's end.
 *
 * Left out on purpose: the body (whoever wants it compared takes a digest as it comes), and everything
 * about the connection. A header that a writing method begins to look at belongs in here.
 */
#include <apr_strings.h>
#include <inttypes.h>
#include <string.h>

#include "fs/path.h"
#include "fs/unicode.h"
#include "webdav/digestfield.h"
#include "webdav/etag.h"
#include "webdav/httpdate.h"
#include "webdav/method.h"
#include "webdav/uri.h"

#define KEY_MAX (1 << 20) /* more than a head can fill; a request that did would have no key */

/* Bytes of UTF-8 that one byte may become in NFC (Unicode Standard Annex 15, 11.1). */
#define EXPANSION_MAX 3

bool dav_changes(const struct dav_request *r)
{
    return r->method && r->method->writes;
}

bool dav_is_joinable(const struct dav_request *r)
{
    return r->method && r->method->joinable;
}

struct dav_paths dav_request_paths(const struct dav_request *r)
{
    return (struct dav_paths){ .path = r->path, .dest = r->dest };
}

static bool overlap(const char *a, const char *b)
{
    return a && b && (path_is_within(a, b) || path_is_within(b, a));
}

/* Of its paths, those whose content or binding it changes. */
static struct dav_paths changed_paths(const struct dav_request *r)
{
    const struct dav_paths all = dav_request_paths(r);
    unsigned changes = r->method ? r->method->changes : 0;
    return (struct dav_paths){ .path = changes & CHANGES_PATH ? all.path : NULL,
                               .dest = changes & CHANGES_DEST ? all.dest : NULL };
}

static bool meet(struct dav_paths a, struct dav_paths b)
{
    return overlap(a.path, b.path) || overlap(a.path, b.dest) || overlap(a.dest, b.path) ||
           overlap(a.dest, b.dest);
}

bool dav_overwrites(const struct dav_request *r, const struct dav_request *other)
{
    return r->dav == other->dav && meet(changed_paths(r), changed_paths(other));
}

bool dav_touches(const struct dav_request *r, const struct dav_request *other)
{
    return r->dav == other->dav && meet(changed_paths(r), dav_request_paths(other));
}

const char *dav_request_href(const struct dav_request *r, apr_pool_t *pool, const char *path)
{
    return uri_from_path(pool, r->dav->base, path, false);
}

/* ---- names ---- */

static const char *compose(apr_pool_t *pool, const char *path)
{
    char *composed = apr_palloc(pool, EXPANSION_MAX * strlen(path) + 1), *end = composed;

    for (;;) {
        size_t len = strcspn(path, "/");
        const char *name = apr_pstrmemdup(pool, path, len), *nfc = unicode_nfc(pool, name);
        end = apr_cpystrn(end, nfc ? nfc : name, FS_NAME_MAX + 1);
        path += len;
        if (!*path)
            return composed;
        *end++ = *path++;
    }
}

/* Of two paths with as many names, the first name in which they differ, with all before it. */
static bool first_difference(apr_pool_t *pool, const char *a, const char *b, const char **out_a,
                             const char **out_b)
{
    for (size_t i = 0, j = 0;; i++, j++) {
        size_t begin_i = i, begin_j = j;
        i += strcspn(a + i, "/");
        j += strcspn(b + j, "/");
        if (i - begin_i != j - begin_j || memcmp(a + begin_i, b + begin_j, i - begin_i) != 0) {
            *out_a = apr_pstrmemdup(pool, a, i);
            *out_b = apr_pstrmemdup(pool, b, j);
            return true;
        }
        if (!a[i] || !b[j])
            return false;
    }
}

/* Are there two things, one under each spelling? */
static bool are_two(struct dav_request *r, const char *a, const char *b)
{
    struct fs_stat st_a, st_b;

    if (!first_difference(r->pool, a, b, &a, &b))
        return false;
    return fs_stat(r->dav->fs, a, &st_a) == 0 && fs_stat(r->dav->fs, b, &st_b) == 0 &&
           (st_a.ino != st_b.ino || st_a.dev != st_b.dev);
}

/* The path as it stands in a key. */
static const char *key_path(struct dav_request *r, const char *path)
{
    const char *composed, *found, *found_composed;

    if (unicode_is_ascii(path, strlen(path)))
        return path;
    composed = compose(r->pool, path);
    if (strcmp(path, composed) == 0)
        return path;
    if (path_find(r->dav->fs, path, r->pool, &found) != 0 ||
        path_find(r->dav->fs, composed, r->pool, &found_composed) != 0)
        return composed;
    return are_two(r, found, found_composed) ? found : composed;
}

/* ---- the parts of a key ---- */

static void add(struct buffer *key, const char *name, const char *value, size_t len)
{
    buffer_printf(key, "%s %zu ", name, len);
    buffer_append(key, value, len);
    buffer_puts(key, "\n");
}

static void add_text(struct buffer *key, const char *name, const char *value)
{
    add(key, name, value, strlen(value));
}

static void add_number(struct buffer *key, const char *name, int64_t value)
{
    buffer_printf(key, "%s %" PRId64 "\n", name, value);
}

/* False: it is no path of ours that could be written to. */
static bool add_destination(struct dav_request *r, struct buffer *key)
{
    const struct uri_self self = request_self(r);
    const char *uri = request_header(r, "Destination"), *path;
    bool slash;

    if (!uri || uri_to_path(r->pool, uri, &self, &path, &slash) != 0 || path_is_reserved(path) || !*path)
        return false;
    add_text(key, "to", key_path(r, path));
    return true;
}

static bool add_depth(struct dav_request *r, struct buffer *key)
{
    enum dav_depth depth;

    if (!method_read_depth(r, DEPTH_INFINITY, &depth))
        return false;
    add_number(key, "depth", depth);
    return true;
}

static bool add_overwrite(struct dav_request *r, struct buffer *key)
{
    bool overwrite;

    if (!method_read_overwrite(r, &overwrite))
        return false;
    add_number(key, "overwrite", overwrite);
    return true;
}

static void add_list(struct dav_request *r, struct buffer *key, const struct if_list *list)
{
    const struct uri_self self = request_self(r);
    const char *path;
    bool slash;

    if (!list->resource)
        add_text(key, "if", "");
    else if (uri_to_path(r->pool, list->resource, &self, &path, &slash) == 0)
        add_text(key, "if of", key_path(r, path));
    else /* of somebody else's */
        add_text(key, "if of uri", list->resource);
    for (const struct if_condition *c = list->conditions; c; c = c->next)
        add_text(key,
                 c->kind == IF_TOKEN ? (c->is_not ? "not token" : "token") : (c->is_not ? "not tag" : "tag"),
                 c->value);
}

static void add_tags(struct dav_request *r, struct buffer *key, const char *name)
{
    const char *list = request_header(r, name), *tag;
    size_t len;

    if (!list)
        return;
    add_text(key, name, ""); /* a list of nothing is not the same as none */
    while ((tag = etag_list_next(&list, &len)))
        add(key, "tag", tag, len);
}

static void add_date(struct dav_request *r, struct buffer *key, const char *name)
{
    const char *value = request_header(r, name);
    int64_t time_ns;

    if (value && httpdate_parse(value, &time_ns)) /* else it is as if it were not there */
        add_number(key, name, time_ns);
}

static void add_conditions(struct dav_request *r, struct buffer *key)
{
    for (const struct if_list *list = r->if_header ? r->if_header->lists : NULL; list; list = list->next)
        add_list(r, key, list);
    add_tags(r, key, "If-Match");
    add_tags(r, key, "If-None-Match");
    add_date(r, key, "If-Modified-Since");
    add_date(r, key, "If-Unmodified-Since");
}

/* What an upload says of itself. False: it will not be taken, whatever is there. */
static bool add_upload(struct dav_request *r, struct buffer *key)
{
    const char *expected = request_header(r, "X-Expected-Entity-Length"), *name;
    struct checksum_values digests;

    if (r->slash || request_header(r, "Content-Range") || digestfield_read(r->headers, &digests, &name) != 0)
        return false;
    if (expected && r->content_length == DAV_LENGTH_UNKNOWN)
        add_text(key, "expected", expected);
    if (digests.has)
        add_text(key, "digest", digestfield_format_oc(r->pool, &digests));
    return true;
}

/* What only some methods look at; the others may send it or not. */
static bool add_own(struct dav_request *r, struct buffer *key)
{
    const char *name = r->method->name, *token;
    bool is_copymove = strcmp(name, "COPY") == 0 || strcmp(name, "MOVE") == 0;
    bool is_lock = strcmp(name, "LOCK") == 0, is_upload = r->method->body == BODY_UPLOAD;
    int64_t mtime_ns;

    if (is_copymove && (!add_destination(r, key) || !add_overwrite(r, key)))
        return false;
    if ((is_copymove || is_lock || strcmp(name, "DELETE") == 0) && !add_depth(r, key))
        return false;
    if (is_upload && !add_upload(r, key))
        return false;
    if ((is_copymove || is_upload) && method_oc_mtime(r, &mtime_ns))
        add_number(key, "mtime", mtime_ns);
    if (is_lock)
        add_number(key, "timeout", lock_timeout(r));
    if (strcmp(name, "UNLOCK") != 0)
        return true;
    token = unlock_token(r);
    if (token)
        add_text(key, "unlock", token);
    return token != NULL;
}

const char *dav_request_key(struct dav_request *r)
{
    struct buffer key;

    if (r->key || !r->is_sound || !dav_changes(r) || !r->asked)
        return r->key;
    buffer_init(&key, KEY_MAX);
    if (*r->dav->base)
        add_text(&key, "below", r->dav->base);
    add_text(&key, "user", r->user);
    add_text(&key, "method", r->method->name);
    add_text(&key, "path", key_path(r, r->asked));
    if (add_own(r, &key)) {
        add_conditions(r, &key);
        if (!key.overflow)
            r->key = apr_pstrmemdup(r->pool, key.data, key.size);
    }
    buffer_release(&key);
    return r->key;
}
