/*
 * Looks at a connection every second or so: has the client left in the middle of a request, has it been too slow?
 *
 * The first is a matter of libmicrohttpd's epoll, which is edge-triggered: when a client closes right behind a part of
 * its head or body, the data and the end come as one event, the data is read, and the end is not looked at before the
 * idle time-out. Where the client has closed, nothing is left to read and nothing has come since the last look, the
 * socket is shut down for reading: that is the event which libmicrohttpd waits for. A client that has sent its whole
 * request may well close its side and read on: while a request is being answered nobody looks.
 *
 * The second is patience.h's. Who has been too slow is told 408 where nothing else has been said yet (not over TLS:
 * the session is libmicrohttpd's), and the socket is shut down.
 *
 * Life: one per connection, from its accept to its close. Threads: open and close on the connection's thread, the
 * looks on the timer's; watch_note and watch_take on the connection's. What it has been given up for is settled in
 * one step: either the connection's thread went on before, or it is told so by its next watch_note.
 */
#ifndef HOLDFAST_WATCH_H
#define HOLDFAST_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "src/patience.h"
#include "src/timer.h"

struct watch;

/* The limits must last as long. NULL: no memory; the others take that. */
struct watch *watch_open(struct timer *timer, int socket, bool is_tls, const struct limits *limits);
void watch_close(struct watch *watch);

/* What is waited for from here on. False: the connection has been given up, nothing may be answered. */
bool watch_note(struct watch *watch, enum patience_for what);

/* So much of a body has come. */
void watch_take(struct watch *watch, size_t size);

/* The limit that it has been given up for; NULL: it has not, or it was idle. */
const char *watch_limit(const struct watch *watch);

#endif
