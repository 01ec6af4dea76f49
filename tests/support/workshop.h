/*
 * A registry at work, without HTTP: a folder (exchange.h), a job engine with one worker in each lane, and
 * requests that become operations as src/transaction.c and src/wait.c make them.
 *
 *   struct workshop *w = workshop_open(NULL);
 *   workshop_hold(w);
 *   struct caller *a = workshop_ask(w, &(struct question){ "MOVE", "/a", .headers = "Destination: /b" });
 *   workshop_let_go(w);
 *   assert_int_equal(caller_status(a), 201);
 *   caller_leave(a, LEFT_DELIVERED);
 *   workshop_close(w);
 *
 * The folder has a (a file), dir/m and dir/sub/deep. The registry's alarm rings only when a test says so.
 *
 * Life: each caller leaves once, before workshop_close. Threads: workshop_ask and caller_* may be called by
 * several at once; only one workshop is open at a time. Whatever goes wrong outside of what is tested ends the
 * test.
 */
#ifndef HOLDFAST_TESTS_WORKSHOP_H
#define HOLDFAST_TESTS_WORKSHOP_H

#include "src/registry.h"
#include "src/slow.h"
#include "src/timer.h"
#include "tests/support/exchange.h"

#define WORKSHOP_QUEUE_MAX 5000

struct workshop {
    struct exchange *x;
    struct timer *timer;
    struct job_engine *engine;
    struct registry *registry;
};

/* limits NULL: an hour of retention, nothing else. */
struct workshop *workshop_open(const struct registry_limits *limits);
void workshop_close(struct workshop *w);

/* All workers are kept busy, so that nothing begins until they are let go. */
void workshop_hold(struct workshop *w);
void workshop_let_go(struct workshop *w);

/* The next operation that makes a directory stops there: begun, and nothing published yet. */
void workshop_halt(struct workshop *w);
void workshop_await_halt(struct workshop *w);
void workshop_go_on(struct workshop *w);

/* Until everything has ended that was begun. */
void workshop_drain(struct workshop *w);

/* Rings the registry's alarm; returns how long it wants to sleep. */
int64_t workshop_tick(struct workshop *w);

struct question {
    const char *method, *target;
    const char *headers;         /* lines separated by '\n', or NULL */
    const char *body;            /* or NULL */
    const char *user;            /* NULL: "" */
    const char *idempotency_key; /* or NULL */
};

/* Somebody who waits for the answer to a request. */
struct caller {
    struct job_waiter waiter; /* first: what done() gets */
    struct workshop *workshop;
    struct operation *operation; /* its own or another's; NULL: it did not come to that */
    struct dav_request *request; /* its own */
    int error;                   /* of registry_enter, or of registry_join if it was refused before */
    enum registry_match match;   /* of registry_look */
    enum registry_how how;
    char id[OPERATION_ID_SIZE]; /* of the operation, also when that is gone */
    bool is_done, is_sending;
};

struct caller *workshop_ask(struct workshop *w, const struct question *question);

/* registry_end, until the mutex can be had. */
void workshop_end(struct workshop *w, struct operation *op);

/* A diagnostic operation that nobody has started; workshop_end ends it. */
struct caller *workshop_ask_slow(struct workshop *w, const char *user);

/* Waits for the result, and tells its status. */
int caller_status(struct caller *caller);

void caller_sending(struct caller *caller);

/* Frees it. The result is sent before if `how` wants that, unless it is being sent. */
void caller_leave(struct caller *caller, enum registry_left how);

/* Asks, waits and leaves. The operation's own status; that of the refusal if it came to none. */
int workshop_run(struct workshop *w, const struct question *question, enum registry_left how);

/* Does this user ("") find the operation? */
bool workshop_has(struct workshop *w, const char *user, const char *id);

#endif
