/*
 * The login has a pool of its own: a client may leave while its password is being hashed.
 */
#include "src/login.h"

#include <apr_strings.h>

#include "src/log.h"
#include "src/metrics.h"
#include "src/timer.h"

struct login {
    struct login_question question;
    apr_pool_t *pool;
    struct login_result result;
};

void login_succeeded(struct loginlimit *limit, const struct address *from, const char *user)
{
    loginlimit_succeeded(limit, from, user, timer_now_ms());
}

/* A name that nobody has may be a password that went into the wrong box: it stays out of the log. */
void login_failed(struct loginlimit *limit, struct auth *auth, const struct address *from, const char *user)
{
    char text[INET6_ADDRSTRLEN];
    int64_t wait_ms = loginlimit_failed(limit, from, user, timer_now_ms());

    metrics_count(METRIC_LOGINS_FAILED);
    if (wait_ms)
        log_warning("too many failed logins from %s (the last one %s%s): no more for %d s",
                    address_text(from, text), auth_has(auth, user) ? "as " : "under a name that nobody has",
                    auth_has(auth, user) ? user : "", (int)(wait_ms / 1000));
}

/* Guesses go on while they are refused, from where this user is in: one of them could be what is remembered. Others stay
 * remembered: else who has one account could make everybody's requests as dear as a login. */
int64_t login_wait(struct loginlimit *limit, struct auth *auth, const struct address *from, const char *user)
{
    bool is_stubborn;
    int64_t wait_ms = loginlimit_wait(limit, from, user, timer_now_ms(), &is_stubborn);

    if (is_stubborn)
        auth_forget(auth, user);
    return wait_ms;
}

static void verify(void *item)
{
    struct login *login = item;
    const struct login_question *q = &login->question;
    struct login_result *result = &login->result;
    const char *user = auth_claimed_user(q->header, login->pool);
    int64_t now_ms = timer_now_ms();

    result->answer = auth_recall(q->auth, q->header, &q->from, now_ms, login->pool, &result->user);
    if (result->answer != AUTH_UNKNOWN)
        return;
    result->wait_ms = login_wait(q->limit, q->auth, &q->from, user);
    if (result->wait_ms)
        return;
    result->answer = auth_verify(q->auth, q->header, &q->from, now_ms, login->pool, &result->user);
    if (result->answer == AUTH_OK)
        login_succeeded(q->limit, &q->from, user);
    else
        login_failed(q->limit, q->auth, &q->from, user);
}

static void release(void *item)
{
    apr_pool_destroy(((struct login *)item)->pool);
}

static const struct job_kind login_kind = { .run = verify, .release = release };

int login_start(struct job_engine *engine, const struct login_question *question, struct job_waiter *waiter,
                struct login **out)
{
    const struct job_owner owner = { .user = "", .client = question->client };
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    struct login *login = apr_pcalloc(pool, sizeof *login);
    *login = (struct login){ .question = *question, .pool = pool };
    login->question.header = apr_pstrdup(pool, question->header);
    login->question.client = NULL; /* the connection's */

    int error = job_submit(engine, &login_kind, login, JOB_VERIFY, &owner, waiter);
    if (error)
        apr_pool_destroy(pool);
    else
        *out = login;
    return error;
}

struct login_result login_result(const struct login *login, apr_pool_t *pool)
{
    struct login_result result = login->result;
    result.user = result.answer == AUTH_OK ? apr_pstrdup(pool, result.user) : NULL;
    return result;
}
