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
#include "src/layout.h"
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
                                .max_xml = o->limits.xml,
                                .limits = o->limits.dav };
}

static int open_share(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message)
{
    const struct share_options *share = &o->shares[0];
    struct dav_config config = dav_config_of(o, share);
    int error = posix_open(share->root, share->durable, &p->fs);
    char *root = error ? NULL : realpath(share->root, NULL);
    if (!root) {
        *out_message = layout_root_message(pool, share->root, error ? error : errno);
        return error ? error : errno;
    }
    p->fs->crew = p->crew;
    config.state_dir = layout_state(pool, share, root);
    free(root);
    return dav_open(pool, p->fs, &config, &p->dav, out_message);
}

int program_open(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message)
{
    p->options = o;
    int error = layout_check(pool, o, out_message);
    if (error)
        return error;
    error = crew_open(crew_size(o->workers), &p->crew);
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
