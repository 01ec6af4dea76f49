/*
 * The login has a pool of its own: a client may leave while its password is being hashed.
 */
#include "src/login.h"

#include <apr_strings.h>

#include "src/timer.h"

struct login {
    struct auth *auth;
    apr_pool_t *pool;
    const char *header;
    enum auth_answer answer;
    const char *user;
};

static void verify(void *item)
{
    struct login *login = item;
    login->answer = auth_verify(login->auth, login->header, timer_now_ms(), login->pool, &login->user);
}

static void release(void *item)
{
    apr_pool_destroy(((struct login *)item)->pool);
}

static const struct job_kind login_kind = { .run = verify, .release = release };

int login_start(struct job_engine *engine, struct auth *auth, const char *header, const char *client,
                struct job_waiter *waiter, struct login **out)
{
    const struct job_owner owner = { .user = "", .client = client };
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    struct login *login = apr_pcalloc(pool, sizeof *login);
    *login = (struct login){ .auth = auth, .pool = pool, .header = apr_pstrdup(pool, header) };

    int error = job_submit(engine, &login_kind, login, JOB_VERIFY, &owner, waiter);
    if (error)
        apr_pool_destroy(pool);
    else
        *out = login;
    return error;
}

enum auth_answer login_answer(const struct login *login, apr_pool_t *pool, const char **out_user)
{
    *out_user = login->answer == AUTH_OK ? apr_pstrdup(pool, login->user) : "";
    return login->answer;
}
