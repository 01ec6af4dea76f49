/*
 * How long a client may take for its request: a pure decision over what was seen of a connection, look by look.
 *
 * Three clocks. Without a request a connection may stay for idle_ms. A head must come whole within head_ms of its
 * first byte, or of the accept, TLS handshake included: a byte a second does not do. A body may take as long as its
 * bytes come at body_rate on the average, once head_ms of waiting for it have gone by.
 *
 * Only waiting for the client counts: as long as something of it is unread it is we who are slow, and while a request
 * is being answered nobody is waited for. Who does not take an answer is libmicrohttpd's (idle_ms without progress).
 *
 * Life: patience_init at the accept, patience_look every second or so. Threads: one at a time. Units: milliseconds of
 * any clock that does not jump, bytes. Source: RFC 9110 15.5.9, RFC 9112 9.5.
 */
#ifndef HOLDFAST_PATIENCE_H
#define HOLDFAST_PATIENCE_H

#include <stdbool.h>

#include "src/limits.h"

enum patience_for { PATIENCE_FOR_HEAD, PATIENCE_FOR_BODY, PATIENCE_FOR_NOTHING };

struct patience {
    unsigned turn;
    int64_t since_ms;  /* the turn's first look */
    int64_t looked_ms; /* the last */
    int64_t head_ms;   /* when the head began, as far as we saw; PATIENCE_NEVER: it has not */
    int64_t waited_ms; /* for the body */
    uint64_t received; /* before the head */
};

#define PATIENCE_NEVER INT64_MIN

struct patience_view {
    unsigned turn; /* another one: what is waited for has changed, and it all begins anew */
    enum patience_for what;
    int64_t now_ms;
    uint64_t received; /* since the accept, whatever it was; it matters while a head is waited for */
    uint64_t taken;    /* of the body */
    bool has_unread;
};

enum patience_end {
    PATIENCE_LASTS,
    PATIENCE_ENDS_IDLE, /* nothing of a request has come */
    PATIENCE_ENDS_HEAD,
    PATIENCE_ENDS_BODY,
};

/* The first turn is number 0, for a head. */
void patience_init(struct patience *patience, int64_t now_ms);

enum patience_end patience_look(struct patience *patience, const struct limits *limits,
                                const struct patience_view *view);

/* How long until the next look, so that no clock is much too late. */
int64_t patience_every_ms(const struct limits *limits);

#endif
