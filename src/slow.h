/*
 * The diagnostic operation: it lasts a while and does nothing, so that anybody can see what the way to
 * the server does to those who wait.
 *
 *   /.holdfast/slow?for=SECONDS&every=SECONDS&mode=auto|interim|multistatus|silent&interims=COUNT
 *
 * `for` is how long it lasts (10 by default), `every` the heartbeat for this request, `mode` what the
 * client gets instead of what the rules say. With `interims` it lasts until so many have gone out, and one
 * heartbeat longer. The answer tells what was sent.
 *
 * Life: slow_new, then an operation owns it (operation.h); slow_start once that was entered; its alarm
 * ends the operation. Threads: any; the alarm's is the timer's.
 */
#ifndef HOLDFAST_SLOW_H
#define HOLDFAST_SLOW_H

#include "src/heartbeat.h"
#include "src/operation.h"
#include "src/timer.h"

#define SLOW_MAX_MS (3600 * 1000)

struct slow_plan {
    int64_t for_ms;
    int64_t every_ms;
    bool has_mode; /* else the rules decide */
    enum beat mode;
    unsigned interims; /* 0: as many as there are */
};

/* From the query of a request target. False: *out_message says what makes no sense. */
bool slow_parse(apr_pool_t *pool, const char *target, int64_t every_ms, struct slow_plan *out,
                const char **out_message);

/* What the answer tells of the request. */
struct slow_facts {
    bool http_1_1, has_proxy_marks;
    const char *rule;
    bool gets_beats; /* that are counted: interims, or blanks */
};

/* Copies what it is given. */
struct slow *slow_new(struct timer *timer, const struct slow_plan *plan, const struct slow_facts *facts,
                      const struct operation_identity *identity, struct operation_identity *out_identity);
void slow_bind(struct slow *slow, struct operation *op);
void slow_start(struct slow *slow);

/* Any thread, any lock held: it is noticed within a second. */
void slow_stop(struct slow *slow);
void slow_free(struct slow *slow);

/* Once it has ended. */
struct dav_reply *slow_reply(struct slow *slow);
void slow_multistatus(struct slow *slow, struct buffer *out);

#endif
