/*
 * What is opened in which order.
 */
#include "src/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/auth.h"
#include "src/layout.h"
#include "src/openness.h"
#include "src/rules.h"
#include "src/server.h"
#include "src/shares.h"

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

int program_open(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message)
{
    p->options = o;
    int error = layout_check(pool, o, out_message);
    if (error)
        return error;
    error = front_open(pool, o, &p->front, out_message);
    if (!error)
        error = standing_settle(pool, o, &p->standing, out_message);
    if (!error)
        error = shares_open(pool, o, &p->shares, out_message);
    if (!error)
        error = rules_apply(pool, o, p->shares, out_message);
    if (!error && o->users_file)
        error = auth_open(pool, o->users_file, openness_allows_passwords(o), &p->auth, out_message);
    if (!error)
        error = server_open(pool, o, &p->front, p->shares, p->auth, &p->server, out_message);
    return error;
}

void program_set_options(struct program *p, apr_pool_t *pool, const struct options *o)
{
    shares_set_options(p->shares, pool, o);
    server_set_options(p->server, o);
    p->options = o;
}

void program_close(struct program *p)
{
    front_close(&p->front);
    auth_close(p->auth);
    shares_close(p->shares);
}
