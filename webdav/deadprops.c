/*
 * Dead properties: the list in memory and the one value on disk, or the rows in the state database.
 *
 * The value is copied by tools that know nothing of us (cp -a, rsync -X) and lies in a folder that
 * other programs write to, so it is read with suspicion: whatever is not by the format is EIO, and a
 * PROPPATCH then refuses rather than overwrite what it cannot read.
 *
 * Should there be both an attribute and rows, the attribute counts. So a value that goes to the database is
 * written there before the attribute goes, and rows go after the attribute has reached the disk; whenever we
 * die, what counts is whole. Who finds neither looks at the attribute once more: it may just have changed
 * places.
 */
#include "webdav/props.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "webdav/propstore.h"

#define FORMAT_VERSION 1

/* Most resources have few and short ones: tried before the largest possible value is allocated. */
#define USUAL_SIZE 2048

/* Adds at the end; *last is where the next one goes. */
static void append(apr_pool_t *pool, struct dead_prop ***last, const char *ns, const char *name,
                   const char *markup)
{
    struct dead_prop *prop = apr_palloc(pool, sizeof(*prop));
    *prop = (struct dead_prop){ .ns = ns, .name = name, .markup = markup };
    **last = prop;
    *last = &prop->next;
}

/* The string at *at, which moves behind its NUL; NULL if there is no NUL before `end`. */
static const char *take_string(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = memchr(text, '\0', (size_t)(end - text));
    if (nul)
        *at = nul + 1;
    return nul ? text : NULL;
}

int props_parse(apr_pool_t *pool, const char *value, size_t len, struct dead_prop **out)
{
    struct dead_prop *list = NULL, **last = &list;
    const char *at = value + 1, *end = value + len;
    if (len == 0 || value[0] != FORMAT_VERSION)
        return EIO;
    while (at < end) {
        const char *ns = take_string(&at, end);
        const char *name = ns ? take_string(&at, end) : NULL;
        const char *markup = name ? take_string(&at, end) : NULL;
        if (!markup || !*name || !*markup)
            return EIO;
        append(pool, &last, ns, name, markup);
    }
    *out = list;
    return 0;
}

/* Of an entry of a directory, or, where that is NULL, of an open file. */
struct holder {
    struct fs_dir *dir;
    const char *name;
    struct fs *fs;
    int fd;
};

static int get_attr(const struct holder *holder, void *out, size_t size, size_t *out_len)
{
    return holder->dir ? fs_get_attr(holder->dir, holder->name, out, size, out_len)
                       : fs_get_attr_fd(holder->fs, holder->fd, out, size, out_len);
}

static int read_attr(const struct holder *holder, apr_pool_t *pool, const char **out, size_t *out_len)
{
    char usual[USUAL_SIZE], *value = usual;
    size_t len = 0;
    int error = get_attr(holder, usual, sizeof(usual), &len);
    if (error == ERANGE) {
        value = apr_palloc(pool, FS_ATTR_MAX);
        error = get_attr(holder, value, FS_ATTR_MAX, &len);
    }
    if (error)
        return error == ENOTSUP ? ENODATA : error == ERANGE ? EIO : error;
    *out = value == usual ? apr_pmemdup(pool, usual, len) : value;
    *out_len = len;
    return 0;
}

int props_stored(struct fs_dir *dir, const char *name, apr_pool_t *pool, const char **out, size_t *out_len)
{
    assert(dir);
    return read_attr(&(struct holder){ .dir = dir, .name = name }, pool, out, out_len);
}

int props_stored_fd(struct fs *fs, int fd, apr_pool_t *pool, const char **out, size_t *out_len)
{
    return read_attr(&(struct holder){ .fs = fs, .fd = fd }, pool, out, out_len);
}

static int load_attr(const struct props_place *place, apr_pool_t *pool, struct dead_prop **out)
{
    const char *value;
    size_t len;
    int error = props_stored(place->dir, place->name, pool, &value, &len);
    return error ? error : props_parse(pool, value, len, out);
}

int props_load(const struct props_place *place, apr_pool_t *pool, struct dead_prop **out)
{
    struct propstore *store = place->dav->propstore;
    struct dead_prop *list = NULL;
    int error = load_attr(place, pool, &list);
    if (error == ENODATA && propstore_is_used(store)) {
        error = propstore_load(store, place->path, pool, &list);
        if (!error && !list)
            error = load_attr(place, pool, &list);
    }
    if (error && error != ENODATA)
        return error;
    *out = list;
    return 0;
}

/* ENOSPC is also what ext4 says of a value that is too large for it. */
static bool has_no_room(int error)
{
    return error == E2BIG || error == ENOSPC || error == ERANGE || error == ENOTSUP;
}

static int save_attr(const struct props_place *place, const char *value, size_t len)
{
    return len > FS_ATTR_MAX ? E2BIG : fs_set_attr(place->dir, place->name, value, len);
}

int props_save(const struct props_place *place, apr_pool_t *pool, const char *value, size_t len,
               bool *out_in_attr)
{
    struct propstore *store = place->dav->propstore;
    struct dead_prop *list = NULL, *old = NULL;
    int error = save_attr(place, value, len);
    *out_in_attr = !has_no_room(error);
    if (*out_in_attr)
        return error;
    error = len ? props_parse(pool, value, len, &list) : 0;
    if (!error)
        error = propstore_load(store, place->path, pool, &old);
    if (!error)
        error = propstore_save(store, place->path, list);
    if (error)
        return error;
    error = save_attr(place, NULL, 0);
    if (!error || error == ENOTSUP)
        return 0;
    (void)propstore_save(store, place->path, old); /* what there was, be there an attribute or not */
    return error;
}

int props_settle(const struct props_place *place)
{
    return propstore_save(place->dav->propstore, place->path, NULL);
}

int props_serialize(apr_pool_t *pool, const struct dead_prop *list, const char **out, size_t *out_len)
{
    size_t len = list ? 1 : 0;
    for (const struct dead_prop *prop = list; prop; prop = prop->next)
        len += strlen(prop->ns) + strlen(prop->name) + strlen(prop->markup) + 3;
    if (len > PROPS_MAX)
        return E2BIG;

    char *value = apr_palloc(pool, len + 1), *at = value;
    *at++ = FORMAT_VERSION;
    for (const struct dead_prop *prop = list; prop; prop = prop->next) {
        at = stpcpy(at, prop->ns) + 1;
        at = stpcpy(at, prop->name) + 1;
        at = stpcpy(at, prop->markup) + 1;
    }
    *out = value;
    *out_len = len;
    return 0;
}

static bool is_named(const struct dead_prop *prop, const char *ns, const char *name)
{
    return strcmp(prop->name, name) == 0 && strcmp(prop->ns, ns) == 0;
}

unsigned props_count(const struct dead_prop *list)
{
    unsigned count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

struct dead_prop *props_find(struct dead_prop *list, const char *ns, const char *name)
{
    while (list && !is_named(list, ns, name))
        list = list->next;
    return list;
}

void props_set(apr_pool_t *pool, struct dead_prop **list, const char *ns, const char *name,
               const char *markup)
{
    struct dead_prop **at = list;
    while (*at && !is_named(*at, ns, name))
        at = &(*at)->next;
    if (*at)
        (*at)->markup = markup;
    else
        append(pool, &at, ns, name, markup);
}

void props_remove(struct dead_prop **list, const char *ns, const char *name)
{
    for (struct dead_prop **at = list; *at; at = &(*at)->next) {
        if (is_named(*at, ns, name)) {
            *at = (*at)->next;
            return;
        }
    }
}
