/*
 * Every refusal is a reply of our own: the transaction decides when it goes out, and what becomes of the body.
 */
#include "src/doorman.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/connection.h"
#include "src/digestauth.h"
#include "src/log.h"
#include "src/openness.h"
#include "src/pages.h"
#include "src/userfile.h"

#define BUSY_SECONDS "5"

struct doorman {
    struct loginlimit *limit;
    struct digestauth *digest;
};

int doorman_open(const struct options *options, struct doorman **out)
{
    struct doorman *doorman = calloc(1, sizeof *doorman);

    if (!doorman)
        return ENOMEM;
    int error = loginlimit_open(&doorman->limit);
    if (!error)
        error = digestauth_open(&doorman->digest);
    if (error) {
        doorman_close(doorman);
        return error;
    }
    if (options->users_file && openness_is_careless(options))
        log_warning(
            "PASSWORDS CROSS THE NETWORK IN CLEAR (--allow-plain-auth): whoever listens there learns them");
    *out = doorman;
    return 0;
}

void doorman_close(struct doorman *doorman)
{
    if (!doorman)
        return;
    digestauth_close(doorman->digest);
    loginlimit_close(doorman->limit);
    free(doorman);
}

/* ---- refusals ---- */

static enum doorman_answer refuse(struct visit *visit, int status, const char *text)
{
    visit->refusal = page_text(visit->pool, status, text);
    return DOORMAN_REFUSES;
}

static enum doorman_answer refuse_for(struct visit *visit, int status, const char *text, const char *seconds)
{
    refuse(visit, status, text);
    apr_table_setn(visit->refusal->headers, "Retry-After", seconds);
    return DOORMAN_REFUSES;
}

/* The better one first (RFC 7616 3.7). `is_stale`: what came was right, but too old. */
static enum doorman_answer challenge(struct visit *visit, bool is_stale)
{
    struct server *server = visit->server;

    refuse(visit, 401, "A user name and password are needed.\n");
    apr_table_t *headers = visit->refusal->headers;
    if (auth_takes_digest(server->auth))
        apr_table_addn(headers, "WWW-Authenticate",
                       digestauth_challenge(server->doorman->digest, is_stale, timer_now_ms(), visit->pool));
    if (auth_takes_basic(server->auth))
        apr_table_addn(headers, "WWW-Authenticate", "Basic realm=\"" USERFILE_REALM "\", charset=\"UTF-8\"");
    return DOORMAN_REFUSES;
}

static enum doorman_answer ask_for_name(struct visit *visit)
{
    return challenge(visit, false);
}

struct dav_reply *doorman_ask_for_name(struct visit *visit)
{
    ask_for_name(visit);
    return visit->refusal;
}

static enum doorman_answer make_wait(struct visit *visit, int64_t wait_ms)
{
    return refuse_for(visit, 429, "Too many failed logins; try again later.\n",
                      apr_psprintf(visit->pool, "%d", (int)((wait_ms + 999) / 1000)));
}

static enum doorman_answer let_in(struct visit *visit, const char *user)
{
    visit->user = user;
    return DOORMAN_LETS_IN;
}

/* ---- passwords ---- */

static void login_done(struct job_waiter *waiter)
{
    pause_end(((struct visit *)waiter)->pause);
}

static enum doorman_answer start_login(struct visit *visit, const char *credentials)
{
    struct server *server = visit->server;
    const struct login_question question = { .auth = server->auth,
                                             .limit = server->doorman->limit,
                                             .header = credentials,
                                             .client = visit->head->client,
                                             .from = visit->head->address };

    visit->waiter.done = login_done;
    if (login_start(server->engine, &question, &visit->waiter, &visit->login) != 0)
        return refuse_for(visit, 503, "The server is busy or about to stop; try again.\n", BUSY_SECONDS);
    pause_begin(visit->pause);
    if (job_is_done(&visit->waiter))
        pause_end(visit->pause);
    return DOORMAN_RESTS;
}

static enum doorman_answer ask_basic(struct visit *visit, const char *credentials)
{
    struct server *server = visit->server;
    const struct address *from = &visit->head->address;
    const char *user;

    enum auth_answer answer =
        auth_recall(server->auth, credentials, from, timer_now_ms(), visit->pool, &user);
    if (answer == AUTH_OK)
        return let_in(visit, user);
    if (answer == AUTH_REFUSED)
        return ask_for_name(visit);
    user = auth_claimed_user(credentials, visit->pool);
    int64_t wait_ms = login_wait(server->doorman->limit, server->auth, from, user);
    return wait_ms ? make_wait(visit, wait_ms) : start_login(visit, credentials);
}

enum doorman_answer doorman_go_on(struct visit *visit)
{
    if (!job_is_done(&visit->waiter))
        return DOORMAN_RESTS;
    struct login_result result = login_result(visit->login, visit->pool);
    visit->login = NULL;
    job_leave(&visit->waiter);
    if (result.wait_ms)
        return make_wait(visit, result.wait_ms);
    return result.answer == AUTH_OK ? let_in(visit, result.user) : ask_for_name(visit);
}

/* ---- digests ---- */

/* Quick: a few hashes. */
static enum doorman_answer ask_digest(struct visit *visit, const char *credentials)
{
    struct server *server = visit->server;
    struct loginlimit *limit = server->doorman->limit;
    struct digestauth *digest = server->doorman->digest;
    const struct address *from = &visit->head->address;
    unsigned char secret[AUTH_DIGEST_SIZE];
    struct digest_claim claim;
    int64_t now_ms = timer_now_ms();

    if (!digestauth_parse(credentials, visit->pool, &claim))
        return ask_for_name(visit);
    bool is_known = digestauth_knows(digest, &claim, now_ms);
    int64_t wait_ms = is_known ? 0 : login_wait(limit, server->auth, from, claim.user);
    if (wait_ms)
        return make_wait(visit, wait_ms);
    bool has_secret = auth_digest_of(server->auth, claim.user, secret);
    switch (digestauth_check(digest, &claim, has_secret ? secret : NULL, visit->head->method,
                             visit->head->target, now_ms)) {
    case DIGEST_RIGHT:
        if (!is_known)
            login_succeeded(limit, from, claim.user);
        return let_in(visit, claim.user);
    case DIGEST_STALE:
        return challenge(visit, true);
    case DIGEST_WRONG:
        login_failed(limit, server->auth, from, claim.user);
        break;
    case DIGEST_ELSEWHERE:
        break;
    }
    return ask_for_name(visit);
}

/* ---- nobody in particular ---- */

static enum doorman_answer meet_stranger(struct visit *visit)
{
    const struct server *server = visit->server;
    enum anonymous_mode mode = openness_anonymous(server->options);

    if (mode == ANONYMOUS_WRITE || (mode == ANONYMOUS_READ && head_only_reads(visit->head)))
        return let_in(visit, "");
    if (server->auth)
        return ask_for_name(visit);
    if (server->options->tls.client_ca)
        return refuse(visit, 403, "A client certificate is needed.\n");
    return refuse(visit, 403, "Only reading is allowed.\n"); /* and no password would help */
}

enum doorman_answer doorman_ask(struct visit *visit, struct server *server, struct pause *pause,
                                const struct head *head, apr_pool_t *pool)
{
    const char *credentials = apr_table_get(head->headers, "Authorization");

    visit->server = server;
    visit->pause = pause;
    visit->head = head;
    visit->pool = pool;
    const char *certified = connection_user(pause->connection);
    if (*certified && (!server->auth || auth_has(server->auth, certified)))
        return let_in(visit, apr_pstrdup(pool, certified));
    if (!server->auth || !credentials)
        return meet_stranger(visit);
    if (auth_takes_digest(server->auth) && strncasecmp(credentials, "Digest ", 7) == 0)
        return ask_digest(visit, credentials);
    return auth_takes_basic(server->auth) ? ask_basic(visit, credentials) : ask_for_name(visit);
}

void doorman_leave(struct visit *visit)
{
    job_leave(&visit->waiter);
}
