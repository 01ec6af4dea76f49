/*
 * What `holdfast serve` would read at its start is read by the same functions.
 */
#include "src/check.h"

#include <stdio.h>

#include "src/auth.h"
#include "src/layout.h"
#include "src/openness.h"
#include "src/program.h"
#include "src/rules.h"
#include "src/settings.h"
#include "src/tls.h"

static int check_users(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    struct auth *auth = NULL;
    int error =
        o->users_file ? auth_open(pool, o->users_file, openness_allows_passwords(o), &auth, out_message) : 0;
    auth_close(auth);
    return error;
}

static int check_tls(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    struct tls *tls = NULL;
    int error = o->tls.cert ? tls_open(&o->tls, pool, &tls, out_message) : 0;
    tls_close(tls);
    return error;
}

int check_main(int argc, char **argv)
{
    struct options options;
    const char *message = NULL;
    apr_pool_t *pool = program_pool();

    enum options_result result = options_parse(pool, argc, argv, &options, &message);
    bool is_sound = result == OPTIONS_RUN && layout_check(pool, &options, &message) == 0 &&
                    rules_check(pool, &options, &message) == 0 && check_tls(pool, &options, &message) == 0 &&
                    check_users(pool, &options, &message) == 0;
    if (is_sound)
        settings_print(options.settings, stdout);
    else if (result != OPTIONS_HELP)
        fprintf(stderr, "holdfast: %s\n", message);
    apr_pool_destroy(pool);
    return is_sound || result == OPTIONS_HELP ? 0 : 2;
}
