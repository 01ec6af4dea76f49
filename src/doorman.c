/*
 * Every refusal is a reply of our own: the transaction decides when it goes out, and what becomes of the body.
 */
#include "src/doorman.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include "src/connection.h"
#include "src/pages.h"

#define BUSY_SECONDS "5"

static enum doorman_answer refuse(struct visit *visit, int status, const char *text, const char *header,
                                  const char *value)
{
    visit->refusal = page_text(visit->pool, status, text);
    if (header)
        apr_table_addn(visit->refusal->headers, header, value);
    return DOORMAN_REFUSES;
}

static enum doorman_answer decide(struct visit *visit, enum auth_answer answer, const char *user)
{
    if (answer != AUTH_OK)
        return refuse(visit, 401, "A user name and password are needed.\n", "WWW-Authenticate",
                      "Basic realm=\"Holdfast\", charset=\"UTF-8\"");
    visit->user = apr_pstrdup(visit->pool, user);
    return DOORMAN_LETS_IN;
}

static void login_done(struct job_waiter *waiter)
{
    pause_end(((struct visit *)waiter)->pause);
}

static enum doorman_answer start_login(struct visit *visit, struct server *server, const struct head *head,
                                       const char *credentials)
{
    visit->waiter.done = login_done;
    if (login_start(server->engine, server->auth, credentials, head->client, &visit->waiter, &visit->login) !=
        0)
        return refuse(visit, 503, "The server is busy or about to stop; try again.\n", "Retry-After",
                      BUSY_SECONDS);
    pause_begin(visit->pause);
    if (job_is_done(&visit->waiter))
        pause_end(visit->pause);
    return DOORMAN_RESTS;
}

enum doorman_answer doorman_ask(struct visit *visit, struct server *server, struct pause *pause,
                                const struct head *head, apr_pool_t *pool)
{
    const char *user = "";

    visit->pause = pause;
    visit->pool = pool;
    visit->user = "";
    user = connection_user(pause->connection);
    if (*user && (!server->auth || auth_has(server->auth, user))) {
        visit->user = apr_pstrdup(pool, user);
        return DOORMAN_LETS_IN;
    }
    if (!server->auth && server->options->tls.client_ca)
        return refuse(visit, 403, "A client certificate is needed.\n", NULL, NULL);
    if (!server->auth)
        return DOORMAN_LETS_IN;
    const char *credentials = apr_table_get(head->headers, "Authorization");
    enum auth_answer answer = auth_recall(server->auth, credentials, timer_now_ms(), pool, &user);
    if (answer == AUTH_UNKNOWN)
        return start_login(visit, server, head, credentials);
    return decide(visit, answer, user);
}

enum doorman_answer doorman_go_on(struct visit *visit)
{
    const char *user;

    if (!job_is_done(&visit->waiter))
        return DOORMAN_RESTS;
    enum auth_answer answer = login_answer(visit->login, visit->pool, &user);
    visit->login = NULL;
    job_leave(&visit->waiter);
    return decide(visit, answer, user);
}

void doorman_leave(struct visit *visit)
{
    job_leave(&visit->waiter);
}
