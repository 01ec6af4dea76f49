/*
 * What SIGHUP does. The configuration comes first: if it is unsound, nothing is touched.
 */
#include "src/auth.h"
#include "src/log.h"
#include "src/program.h"
#include "src/rules.h"
#include "src/server.h"
#include "src/tls.h"

static void tell_change(void *ctx, const char *option, const char *share, bool is_live)
{
    const char *of = share && *share ? " of share " : "", *name = share ? share : "";

    (void)ctx;
    if (!option)
        log_warning("share %s came or went: that takes a restart", name);
    else if (is_live)
        log_info("--%s%s%s changed", option, of, name);
    else
        log_warning("--%s%s%s changed: that takes a restart", option, of, name);
}

/* The rules belong to the options that they came with: the new options with the old rules could open what neither
 * configuration does. So the rules go first, since they may turn out unsound, and the options follow at once. */
static bool reload_options(struct program *p, apr_pool_t *scratch)
{
    unsigned changes = 0;

    if (!p->options->config_file)
        return true;
    apr_pool_t *pool = program_pool();
    struct options *fresh = apr_palloc(pool, sizeof *fresh);

    const char *message = options_again(pool, p->options, fresh, tell_change, NULL, &changes);
    bool is_new = !message && changes && rules_apply(scratch, fresh, p->shares, &message) == 0;
    if (is_new)
        program_set_options(p, pool, fresh);
    if (message)
        log_error("%s; everything stays as it was", message);
    else
        log_info("%s was read again", p->options->config_file);
    if (!is_new)
        apr_pool_destroy(pool);
    return !message;
}

static void reload_users(const struct program *p, apr_pool_t *pool)
{
    const char *message = NULL;

    if (!p->auth)
        return;
    if (auth_reload(p->auth, pool, &message) == 0)
        log_info("the users were read again");
    else
        log_error("%s; going on with the users as they were", message);
}

static void reload_certificate(const struct program *p, apr_pool_t *pool)
{
    const char *message = NULL;

    if (!p->front.tls)
        return;
    if (tls_reload(p->front.tls, &p->options->tls, pool, &message) == 0)
        log_info("the certificate was read again");
    else
        log_error("%s; going on with the certificate as it was", message);
}

static void reload_rules(const struct program *p, apr_pool_t *pool)
{
    const char *message = NULL;

    if (rules_apply(pool, p->options, p->shares, &message) != 0)
        log_error("%s; going on with the rules as they were", message);
    else if (rules_exist(p->options))
        log_info("the rules were read again");
}

void program_reload(struct program *p)
{
    apr_pool_t *pool = program_pool();

    if (reload_options(p, pool)) { /* then each part that reads files of its own */
        log_reopen(&p->options->log);
        if (!p->options->config_file && !p->auth && !p->front.tls && !rules_exist(p->options))
            log_info("there is nothing to read again");
        reload_certificate(p, pool);
        reload_users(p, pool);
        reload_rules(p, pool);
    }
    apr_pool_destroy(pool);
}
