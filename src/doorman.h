/*
 * Who is let in: from the head of a request to the name of who asks, or to the answer that refuses.
 *
 * Without credentials somebody is anonymous, as far as --anonymous lets him. Wrong ones are always 401, also where
 * nobody would have been asked for any; too many wrong ones are 429 (loginlimit.h).
 *
 * Life: doorman_open for the server, doorman_close when no visit is left. A struct visit, zeroed, in the transaction.
 * doorman_ask once, when the head is there. If the visit RESTS, its pause has begun while a worker verifies a
 * password: doorman_go_on whenever the connection is called again, until something else comes out. doorman_leave at
 * the end, in whatever state, also if nothing was asked.
 *
 * Threads: a visit is the connection's, but for what wakes it. Strings and replies live in the pool that was given.
 * Source: RFC 9110 11 (401 and challenges), RFC 6585 4 (429), RFC 7617 (Basic).
 */
#ifndef HOLDFAST_DOORMAN_H
#define HOLDFAST_DOORMAN_H

#include <apr_pools.h>

#include "src/head.h"
#include "src/job.h"
#include "src/login.h"
#include "src/pause.h"
#include "src/server.h"

struct doorman;

/* Logs what the operator should know of. errno: there are no random numbers, or there is no memory. */
int doorman_open(const struct options *options, struct doorman **out);
void doorman_close(struct doorman *doorman);

enum doorman_answer {
    DOORMAN_LETS_IN, /* visit->user is set; "" = anonymous */
    DOORMAN_REFUSES, /* visit->refusal is the answer */
    DOORMAN_RESTS,
};

struct visit {
    struct job_waiter waiter; /* first: what the end of the login gets */
    struct server *server;
    struct pause *pause;
    const struct head *head;
    struct login *login; /* while the password is verified */
    apr_pool_t *pool;
    const char *user;
    struct dav_reply *refusal;
};

enum doorman_answer doorman_ask(struct visit *visit, struct server *server, struct pause *pause,
                                const struct head *head, apr_pool_t *pool);

enum doorman_answer doorman_go_on(struct visit *visit);

/* What refuses those who were let in without a name and need one after all. */
struct dav_reply *doorman_ask_for_name(struct visit *visit);

void doorman_leave(struct visit *visit);

#endif
