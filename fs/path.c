/*
 * Canonical paths. One spelling per resource means that comparing, guarding and locking paths is
 * comparing bytes; so everything odd is taken out or refused here, once, at the border.
 */
#include "fs/path.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fs/unicode.h"

#define PREFIX_LEN (sizeof(PATH_RESERVED_PREFIX) - 1)

static bool is_dots(const char *name, size_t len)
{
    return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

int path_canonical(apr_pool_t *pool, const char *bytes, size_t len, const char **out, bool *out_slash)
{
    char path[FS_PATH_MAX + 1];
    size_t path_len = 0, pos = 0;

    if (len && memchr(bytes, '\0', len))
        return EINVAL;
    while (pos < len) {
        const char *name = bytes + pos;
        const char *slash = memchr(name, '/', len - pos);
        size_t name_len = slash ? (size_t)(slash - name) : len - pos;

        pos += name_len + 1;
        if (!name_len)
            continue;
        if (is_dots(name, name_len))
            return EINVAL;
        if (name_len > FS_NAME_MAX || path_len + 1 + name_len > FS_PATH_MAX)
            return ENAMETOOLONG;
        if (path_len)
            path[path_len++] = '/';
        memcpy(path + path_len, name, name_len);
        path_len += name_len;
    }
    path[path_len] = '\0';
    *out = apr_pstrdup(pool, path);
    *out_slash = !path_len || bytes[len - 1] == '/';
    return 0;
}

const char *path_parent(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');

    assert(*path);
    return slash ? apr_pstrmemdup(pool, path, (size_t)(slash - path)) : "";
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

const char *path_join(apr_pool_t *pool, const char *base, const char *rest)
{
    return apr_pstrcat(pool, base, *base && *rest ? "/" : "", rest, NULL);
}

bool path_is_within(const char *path, const char *base)
{
    size_t len = strlen(base);

    return !len || (strncmp(path, base, len) == 0 && (!path[len] || path[len] == '/'));
}

const char *path_rebase(apr_pool_t *pool, const char *path, const char *from, const char *to)
{
    assert(path_is_within(path, from));
    const char *rest = path + strlen(from);
    return path_join(pool, to, rest + (*rest == '/'));
}

bool path_name_is_reserved(const char *dir_path, const char *name)
{
    return strncmp(name, PATH_RESERVED_PREFIX, PREFIX_LEN) == 0 ||
           (!*dir_path && strcmp(name, PATH_RESERVED_ROOT) == 0);
}

bool path_is_reserved(const char *path)
{
    if (path_is_within(path, PATH_RESERVED_ROOT))
        return true;
    for (;;) {
        if (strncmp(path, PATH_RESERVED_PREFIX, PREFIX_LEN) == 0)
            return true;
        const char *slash = strchr(path, '/');
        if (!slash)
            return false;
        path = slash + 1;
    }
}

/* Is there anything under this spelling? Whatever else is wrong with it (no access, a link that
 * leads out) will be said by the operation itself. */
static bool exists(struct fs *fs, const char *path)
{
    struct fs_stat st;

    return strlen(path) <= FS_PATH_MAX && fs_stat(fs, path, &st) != ENOENT;
}

static const char *find_name(struct fs *fs, const char *dir_path, const char *name, apr_pool_t *pool)
{
    const char *as_given = path_join(pool, dir_path, name);
    const char *forms[2];

    if (unicode_is_ascii(name, strlen(name)) || exists(fs, as_given))
        return as_given;
    forms[0] = unicode_nfc(pool, name);
    forms[1] = unicode_nfd(pool, name);
    for (int i = 0; i < 2; i++) {
        const char *other = forms[i] ? path_join(pool, dir_path, forms[i]) : NULL;
        if (other && exists(fs, other))
            return other;
    }
    return as_given;
}

int path_find(struct fs *fs, const char *path, apr_pool_t *pool, const char **out)
{
    const char *found = "", *rest = path;

    if (unicode_is_ascii(path, strlen(path)) || exists(fs, path)) {
        *out = path;
        return 0;
    }
    while (*rest) {
        size_t len = strcspn(rest, "/");
        found = find_name(fs, found, apr_pstrmemdup(pool, rest, len), pool);
        rest += len + (rest[len] == '/');
    }
    *out = found;
    return 0;
}

int path_open_parent(struct fs *fs, const char *path, struct fs_dir **out_dir, const char **out_name)
{
    char parent[FS_PATH_MAX + 1];
    const char *name = path_name(path);
    size_t len = name > path ? (size_t)(name - path) - 1 : 0;

    if (len > FS_PATH_MAX)
        return ENAMETOOLONG;
    memcpy(parent, path, len);
    parent[len] = '\0';
    int err = fs_dir_open(fs, parent, out_dir);
    if (!err)
        *out_name = name;
    return err;
}

int path_locate(struct fs *fs, const char *path, bool follow, apr_pool_t *pool, struct fs_dir **out_dir,
                const char **out_name)
{
    char real[FS_PATH_MAX + 1];
    struct fs_dir *dir;
    struct fs_stat st;
    const char *name;

    int err = path_open_parent(fs, path, &dir, &name);
    if (err)
        return err;
    err = follow && *name ? fs_stat_at(dir, name, &st) : ENOENT;
    if (err && err != ENOENT) {
        fs_dir_close(dir);
        return err;
    }
    if (!err && st.type == FS_LINK) {
        fs_dir_close(dir);
        err = fs_real_path(fs, path, real, sizeof(real));
        if (!err)
            err = path_open_parent(fs, apr_pstrdup(pool, real), &dir, &name);
        if (err)
            return err;
        /* the name must outlive `real` */
        name = apr_pstrdup(pool, name);
    }
    *out_dir = dir;
    *out_name = name;
    return 0;
}
