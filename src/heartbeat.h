/*
 * When a client that waits gets a sign of life, and which: a pure decision over a clock passed in.
 *
 * RFC 2518 10.1 (102 Processing), RFC 9110 15.2 (interim responses). Who gets which kind is decided
 * once per request by heartbeat_policy; the transaction then asks heartbeat_next whenever it wakes.
 */
#ifndef HOLDFAST_HEARTBEAT_H
#define HOLDFAST_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

enum heartbeat_mode { HEARTBEAT_AUTO, HEARTBEAT_INTERIM, HEARTBEAT_OFF };

enum beat {
    BEAT_NONE,    /* silence until the answer */
    BEAT_INTERIM, /* 102 Processing */
};

/* What is known of the client when the request begins. */
struct heartbeat_client {
    bool http_1_1; /* or later */
};

struct heartbeat {
    enum beat kind;
    int64_t interval_ms;
    int64_t last_ms; /* the request's arrival, or the last beat */
};

/* HTTP/1.0 never gets an interim response (RFC 9110 15.2). */
enum beat heartbeat_policy(enum heartbeat_mode mode, const struct heartbeat_client *client);

/* Is a beat due now? */
bool heartbeat_is_due(const struct heartbeat *heartbeat, int64_t now_ms);

/* When to look again, on the same clock; INT64_MAX: never. */
int64_t heartbeat_due_ms(const struct heartbeat *heartbeat);

void heartbeat_was_sent(struct heartbeat *heartbeat, int64_t now_ms);

#endif
