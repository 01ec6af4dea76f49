/*
 * A password that is verified by a worker, since that burns time on purpose.
 *
 * When its turn comes it is looked at once more whether it is known by now, and whether the name or the address has
 * failed too often meanwhile: of a hundred guesses that come at once no more are verified than there are workers.
 *
 * Life: login_start; when the waiter is done, login_answer; the login goes when the waiter leaves. Threads:
 * the connection's.
 */
#ifndef HOLDFAST_LOGIN_H
#define HOLDFAST_LOGIN_H

#include <apr_pools.h>

#include "src/auth.h"
#include "src/job.h"
#include "src/loginlimit.h"

struct login;

/* What is to be asked of whom. `header` is the value of Authorization; `client` whose turn it takes. */
struct login_question {
    struct auth *auth;
    struct loginlimit *limit;
    const char *header, *client;
    struct address from;
};

struct login_result {
    enum auth_answer answer;
    const char *user; /* if AUTH_OK */
    int64_t wait_ms;  /* it was not looked at, and may be so after that long; else 0 */
};

/* Strings are copied. Errors: as job_submit. */
int login_start(struct job_engine *engine, const struct login_question *question, struct job_waiter *waiter,
                struct login **out);

/* Once the waiter is done, and before it leaves. Strings in the pool. */
struct login_result login_result(const struct login *login, apr_pool_t *pool);

/* How long a login must wait; 0: it may be tried. */
int64_t login_wait(struct loginlimit *limit, struct auth *auth, const struct address *from, const char *user);

/* How a login came out, for the limit and the log. `user` is whose name was given. */
void login_succeeded(struct loginlimit *limit, const struct address *from, const char *user);
void login_failed(struct loginlimit *limit, struct auth *auth, const struct address *from, const char *user);

#endif
