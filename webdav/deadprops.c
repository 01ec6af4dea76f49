/*
 * Dead properties: the list in memory and the one value on disk.
 *
 * The value is copied by tools that know nothing of us (cp -a, rsync -X) and lies in a folder that
 * other programs write to, so it is read with suspicion: whatever is not by the format is EIO, and a
 * PROPPATCH then refuses rather than overwrite what it cannot read.
 */
#include "webdav/props.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

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

int props_load(struct fs_dir *dir, const char *name, apr_pool_t *pool, struct dead_prop **out)
{
    char usual[USUAL_SIZE], *value = usual;
    size_t len = 0;
    int error = fs_get_attr(dir, name, usual, sizeof(usual), &len);
    if (error == ERANGE) {
        value = apr_palloc(pool, FS_ATTR_MAX);
        error = fs_get_attr(dir, name, value, FS_ATTR_MAX, &len);
    }
    if (error == ENODATA || error == ENOTSUP) {
        *out = NULL;
        return 0;
    }
    if (error)
        return error == ERANGE ? EIO : error;
    if (value == usual)
        value = apr_pmemdup(pool, usual, len);
    return props_parse(pool, value, len, out);
}

int props_serialize(apr_pool_t *pool, const struct dead_prop *list, const char **out, size_t *out_len)
{
    size_t len = list ? 1 : 0;
    for (const struct dead_prop *prop = list; prop; prop = prop->next)
        len += strlen(prop->ns) + strlen(prop->name) + strlen(prop->markup) + 3;
    if (len > FS_ATTR_MAX)
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
