/*
 * Noticing clients that left in the middle of a request.
 *
 * libmicrohttpd's epoll is edge-triggered: when a client closes right behind a part of its head or
 * body, the data and the end come as one event, the data is read, and the end is not looked at
 * before the idle time-out. So every connection is looked at once a second. Where the client has
 * closed, nothing is left to read and nothing has come since the last look, the socket is shut down
 * for reading: that is the event which libmicrohttpd waits for.
 *
 * Life: one per connection, from its accept to its close. Threads: open and close on the connection's
 * thread, the looks on the timer's; hangup_note on the connection's.
 *
 * A client that has sent its whole request may well close its side and read on: while a request is
 * being answered nobody looks.
 */
#ifndef HOLDFAST_HANGUP_H
#define HOLDFAST_HANGUP_H

#include <stdbool.h>

#include "src/timer.h"

struct hangup;

struct hangup *hangup_open(struct timer *timer, int socket);
void hangup_close(struct hangup *hangup);

/* Something came from the client. `awaits_more`: the request is not complete yet, or there is none. */
void hangup_note(struct hangup *hangup, bool awaits_more);

/* Has the client closed its side of this socket, or is the connection broken? Also where something is still unread. */
bool hangup_has_happened(int socket);

/* Did the client refuse what was sent to it? One that has read everything before it closed did not. */
bool hangup_has_broken(int socket);

#endif
