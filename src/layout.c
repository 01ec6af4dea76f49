/*
 * Folders are compared by their real paths. A state folder that is yet to be made is looked for where it will be.
 */
#include "src/layout.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *layout_root_message(apr_pool_t *pool, const char *root, int error)
{
    if (error == EBUSY)
        return apr_psprintf(pool, "%s is already being served", root);
    return apr_psprintf(pool, "cannot serve %s: %s", root, strerror(error));
}

/* "/srv/my files" -> "srv%2Fmy files": one readable, unambiguous name per folder. */
static const char *folder_name(apr_pool_t *pool, const char *root)
{
    char *name = apr_palloc(pool, strlen(root) * 3 + 2), *end = name;
    for (const char *c = root + 1; *c; c++) {
        if (*c == '/' || *c == '%')
            end = apr_cpystrn(end, *c == '/' ? "%2F" : "%25", 4);
        else
            *end++ = *c;
    }
    *end = '\0';
    return *name ? name : "%2F";
}

static const char *default_state(apr_pool_t *pool, const char *name, const char *root)
{
    const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *base;

    if (systemd && *systemd)
        return *name ? apr_pstrcat(pool, systemd, "/", name, NULL) : systemd;
    if (xdg && *xdg == '/')
        base = xdg;
    else if (home && *home == '/' && geteuid() != 0)
        base = apr_pstrcat(pool, home, "/.local/state", NULL);
    else
        base = "/var/lib";
    return apr_pstrcat(pool, base, "/holdfast/", folder_name(pool, root), NULL);
}

const char *layout_state(apr_pool_t *pool, const struct share_options *share, const char *root)
{
    return share->state_dir ? share->state_dir : default_state(pool, share->name, root);
}

static bool is_inside(const char *dir, const char *root)
{
    size_t len = strlen(root);
    return strncmp(dir, root, len) == 0 && (dir[len] == '/' || dir[len] == '\0' || root[len - 1] == '/');
}

static int real_path(apr_pool_t *pool, const char *path, const char **out)
{
    char *real = realpath(path, NULL);
    if (!real)
        return errno;
    *out = apr_pstrdup(pool, real);
    free(real);
    return 0;
}

/* Of the nearest folder above that exists, and the rest as it is. */
static const char *future_path(apr_pool_t *pool, const char *path)
{
    const char *real = path, *rest = "";
    char *head = apr_pstrdup(pool, path);

    while (real_path(pool, head, &real) != 0) {
        char *slash = strrchr(head, '/');
        if (!slash || slash == head)
            return path;
        rest = path + (slash - head);
        *slash = '\0';
    }
    return apr_pstrcat(pool, real, rest, NULL);
}

static const char *name_of(apr_pool_t *pool, const struct share_options *share)
{
    return *share->name ? apr_pstrcat(pool, " of share ", share->name, NULL) : "";
}

static int find_roots(apr_pool_t *pool, const struct options *o, const char **roots, const char **out_message)
{
    for (unsigned i = 0; i < o->share_count; i++) {
        const char *root = o->shares[i].root;
        int error = real_path(pool, apr_pstrcat(pool, root, "/.", NULL), &roots[i]);
        if (error) {
            *out_message = layout_root_message(pool, root, error);
            return error;
        }
    }
    return 0;
}

/* Is the one in the way of the other? NULL: no. */
static const char *conflict(apr_pool_t *pool, const struct options *o, const char *const *roots,
                            const char *const *states, unsigned i, unsigned k)
{
    const struct share_options *one = &o->shares[i], *other = &o->shares[k];

    if (is_inside(states[i], roots[k]))
        return apr_psprintf(pool, "the state folder %s%s lies inside the served folder%s: give --state",
                            states[i], name_of(pool, one), name_of(pool, other));
    if (i != k && is_inside(roots[i], roots[k]))
        return apr_psprintf(pool, "the folder %s%s lies inside that%s", roots[i], name_of(pool, one),
                            name_of(pool, other));
    if (i != k && strcmp(states[i], states[k]) == 0)
        return apr_psprintf(pool, "the state folder %s is that%s and that%s", states[i], name_of(pool, other),
                            name_of(pool, one));
    return NULL;
}

int layout_check(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    const char *roots[OPTIONS_MAX_SHARES], *states[OPTIONS_MAX_SHARES], *message = NULL;

    int error = find_roots(pool, o, roots, out_message);
    if (error)
        return error;
    for (unsigned i = 0; i < o->share_count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a call that failed sets errno, so all are found */
        states[i] = future_path(pool, layout_state(pool, &o->shares[i], roots[i]));
    for (unsigned i = 0; i < o->share_count && !message; i++)
        for (unsigned k = 0; k < o->share_count && !message; k++)
            message = conflict(pool, o, roots, states, i, k);
    if (message)
        *out_message = message;
    return message ? EINVAL : 0;
}
