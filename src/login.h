/*
 * A password that is verified by a worker, since that burns time on purpose.
 *
 * Life: login_start; when the waiter is done, login_answer; the login goes when the waiter leaves. Threads:
 * the connection's.
 */
#ifndef HOLDFAST_LOGIN_H
#define HOLDFAST_LOGIN_H

#include <apr_pools.h>

#include "src/auth.h"
#include "src/job.h"

struct login;

/* `header` is the value of Authorization; `client` whose turn it takes. Errors: as job_submit. */
int login_start(struct job_engine *engine, struct auth *auth, const char *header, const char *client,
                struct job_waiter *waiter, struct login **out);

/* Once the waiter is done, and before it leaves. *out_user is in the pool; "" unless AUTH_OK. */
enum auth_answer login_answer(const struct login *login, apr_pool_t *pool, const char **out_user);

#endif
