/*
 * What is opened in which order.
 */
#include "src/program.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/crew.h"
#include "fs/posix.h"
#include "src/auth.h"
#include "src/log.h"
#include "src/server.h"
#include "webdav/dav.h"

static int out_of_memory(int status)
{
    (void)status;
    fprintf(stderr, "holdfast: out of memory\n");
    abort();
}

apr_pool_t *program_pool(void)
{
    apr_pool_t *pool;

    apr_pool_create_ex(&pool, NULL, out_of_memory, NULL);
    return pool;
}

static const char *open_root_message(apr_pool_t *pool, const char *dir, int error)
{
    if (error == EBUSY)
        return apr_psprintf(pool, "%s is already being served by another process", dir);
    return apr_psprintf(pool, "cannot serve %s: %s", dir, strerror(error));
}

/* Clients must not reach the state: it would list itself, and could be overwritten. */
static bool is_inside(const char *dir, const char *root)
{
    size_t len = strlen(root);
    return strncmp(dir, root, len) == 0 && (dir[len] == '/' || dir[len] == '\0' || root[len - 1] == '/');
}

static struct dav_config dav_config_of(const struct options *o, const struct share_options *share)
{
    return (struct dav_config){ .prefix = share->prefix,
                                .state_dir = share->state_dir,
                                .read_only = share->read_only,
                                .finite_depth = share->finite_depth,
                                .trust_forwarded = o->trust_forwarded,
                                .sync_state = share->durable,
                                .max_upload = share->max_upload,
                                .min_free = share->min_free,
                                .max_xml = OPTIONS_XML_MAX };
}

static int open_dav(apr_pool_t *pool, const struct options *o, const char *root, struct program *p,
                    const char **out_message)
{
    const struct share_options *share = &o->shares[0];
    struct dav_config config = dav_config_of(o, share);

    if (!config.state_dir)
        config.state_dir = options_default_state(pool, share->name, root);
    if (is_inside(config.state_dir, root)) {
        *out_message = apr_psprintf(pool, "the state folder %s lies inside the served folder: give --state",
                                    config.state_dir);
        return EINVAL;
    }
    return dav_open(pool, p->fs, &config, &p->dav, out_message);
}

static int open_share(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message)
{
    const struct share_options *share = &o->shares[0];
    int error = posix_open(share->root, share->durable, &p->fs);
    if (error) {
        *out_message = open_root_message(pool, share->root, error);
        return error;
    }
    p->fs->crew = p->crew;
    char *root = realpath(share->root, NULL);
    if (!root) {
        *out_message = open_root_message(pool, share->root, errno);
        return errno;
    }
    error = open_dav(pool, o, apr_pstrdup(pool, root), p, out_message);
    free(root);
    return error;
}

int program_open(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message)
{
    p->options = o;
    int error = crew_open(crew_size(o->workers), &p->crew);
    if (error) {
        *out_message = strerror(error);
        return error;
    }
    error = open_share(pool, o, p, out_message);
    if (!error && o->users_file)
        error = auth_open(pool, o->users_file, &p->auth, out_message);
    if (!error)
        error = server_open(pool, o, p->dav, p->auth, &p->server, out_message);
    return error;
}

void program_set_options(struct program *p, apr_pool_t *pool, const struct options *o)
{
    struct dav_config config = dav_config_of(o, &o->shares[0]);

    dav_set_config(p->dav, apr_pmemdup(pool, &config, sizeof config));
    server_set_options(p->server, o);
    p->options = o;
}

void program_close(struct program *p)
{
    auth_close(p->auth);
    dav_close(p->dav);
    crew_close(p->crew);
    fs_close(p->fs);
}
