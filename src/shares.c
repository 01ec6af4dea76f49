/*
 * A request is given to its share by the path alone: whose the rest of its target is, the share says itself.
 */
#include "src/shares.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/crew.h"
#include "fs/lobby.h"
#include "fs/posix.h"
#include "src/layout.h"
#include "webdav/uri.h"

/* ---- as the options have it ---- */

static struct dav_config config_of(const struct options *o, const struct share_options *share)
{
    return (struct dav_config){
        .prefix = share->prefix,
        .read_only = share->read_only,
        .can_log_in = o->users_file != NULL,
        .finite_depth = share->finite_depth,
        .trust_forwarded = o->trust_forwarded,
        .sync_state = share->durable,
        .max_upload = share->max_upload,
        .min_free = share->min_free,
        .max_xml = o->limits.xml,
        .limits = o->limits.dav,
    };
}

/* What is below can be locked, as far as anything can be changed. */
static struct dav_config lobby_config(const struct options *o)
{
    struct dav_config config = { .read_only = true,
                                 .can_log_in = o->users_file != NULL,
                                 .finite_depth = true,
                                 .trust_forwarded = o->trust_forwarded,
                                 .max_xml = o->limits.xml,
                                 .limits = o->limits.dav };

    for (unsigned i = 0; i < o->share_count; i++)
        config.leads_on |= !o->shares[i].read_only;
    return config;
}

void shares_set_options(struct shares *shares, apr_pool_t *pool, const struct options *options)
{
    struct dav_config *configs = apr_palloc(pool, (shares->count + 1) * sizeof *configs);

    for (unsigned i = 0; i < shares->count; i++) {
        configs[i] = config_of(options, &options->shares[i]);
        dav_set_config(shares->list[i].dav, &configs[i]);
    }
    if (!shares->lobby.dav)
        return;
    configs[shares->count] = lobby_config(options);
    dav_set_config(shares->lobby.dav, &configs[shares->count]);
}

/* ---- opening ---- */

static int open_folder(apr_pool_t *pool, struct shares *shares, struct share *share, const char **out_message)
{
    const char *dir = share->options->root;
    char *real = NULL;

    int error = posix_open(dir, share->options->durable, &share->fs);
    if (!error && !(real = realpath(dir, NULL)))
        error = errno;
    if (error) {
        *out_message = layout_root_message(pool, dir, error);
        return error;
    }
    share->root = apr_pstrdup(pool, real);
    free(real);
    share->fs->crew = shares->crew;
    return 0;
}

static int open_share(apr_pool_t *pool, const struct options *o, struct shares *shares, struct share *share,
                      const char **out_message)
{
    struct dav_config config = config_of(o, share->options);

    int error = open_folder(pool, shares, share, out_message);
    if (error)
        return error;
    config.state_dir = layout_state(pool, share->options, share->root);
    return dav_open(pool, share->fs, &config, &share->dav, out_message);
}

static int open_lobby(apr_pool_t *pool, const struct options *o, struct shares *shares,
                      const char **out_message)
{
    const struct dav_config config = lobby_config(o);
    const char *paths[OPTIONS_MAX_SHARES];

    for (unsigned i = 0; i < shares->count; i++) {
        const char *prefix = shares->list[i].options->prefix;
        if (!*prefix)
            return 0;
        paths[i] = prefix + 1;
    }
    int error = lobby_open(paths, shares->count, &shares->lobby.fs);
    if (error)
        *out_message = strerror(error);
    return error ? error : dav_open(pool, shares->lobby.fs, &config, &shares->lobby.dav, out_message);
}

static int open_all(apr_pool_t *pool, const struct options *o, struct shares *shares,
                    const char **out_message)
{
    int error = crew_open(crew_size(o->workers), &shares->crew);

    if (error) {
        *out_message = strerror(error);
        return error;
    }
    for (unsigned i = 0; i < o->share_count && !error; i++) {
        shares->list[i].options = &o->shares[i];
        shares->count++;
        error = open_share(pool, o, shares, &shares->list[i], out_message);
    }
    return error ? error : open_lobby(pool, o, shares, out_message);
}

int shares_open(apr_pool_t *pool, const struct options *options, struct shares **out,
                const char **out_message)
{
    struct shares *shares = apr_pcalloc(pool, sizeof *shares);

    int error = open_all(pool, options, shares, out_message);
    if (error)
        shares_close(shares);
    else
        *out = shares;
    return error;
}

/* The crew works in the folders. */
void shares_close(struct shares *shares)
{
    if (!shares)
        return;
    dav_close(shares->lobby.dav);
    for (unsigned i = 0; i < shares->count; i++)
        dav_close(shares->list[i].dav);
    crew_close(shares->crew);
    fs_close(shares->lobby.fs);
    for (unsigned i = 0; i < shares->count; i++)
        fs_close(shares->list[i].fs);
}

/* ---- whose a target is ---- */

struct dav *shares_find(const struct shares *shares, apr_pool_t *pool, const char *target)
{
    const struct uri_self anybody = { .host = NULL };
    struct dav *first = shares->list[0].dav;
    const char *path;
    bool slash;

    if (!shares->lobby.dav || strcmp(target, "*") == 0)
        return first;
    if (uri_to_path(pool, uri_merge_slashes(target), &anybody, &path, &slash) != 0)
        return shares->lobby.dav; /* which will say what is wrong with it */
    for (unsigned i = 0; i < shares->count; i++)
        if (uri_below(pool, path, shares->list[i].options->prefix))
            return shares->list[i].dav;
    return shares->lobby.dav;
}

/* All of them give it blocks of the same allocator, so that of the first will do. */
apr_pool_t *shares_pool(const struct shares *shares)
{
    return dav_pool_new(shares->list[0].dav);
}

const char *shares_url(apr_pool_t *pool, const char *url, const struct share *share)
{
    size_t len = strlen(url);
    const char *base = uri_base(pool, share->options->prefix);

    return *base ? apr_pstrcat(pool, apr_pstrmemdup(pool, url, len - 1), base, "/", NULL) : url;
}

/* ---- what a crash left ---- */

void shares_start_leftovers(struct shares *shares)
{
    for (unsigned i = 0; i < shares->count; i++)
        shares->list[i].leftovers = leftovers_start(shares->list[i].dav, shares->list[i].root);
}

void shares_stop_leftovers(struct shares *shares)
{
    for (unsigned i = 0; i < shares->count; i++)
        leftovers_stop(shares->list[i].leftovers);
}

bool shares_join_leftovers(struct shares *shares, unsigned wait_s)
{
    bool all = true;

    for (unsigned i = 0; i < shares->count; i++)
        all &= leftovers_join(shares->list[i].leftovers, wait_s);
    return all;
}
