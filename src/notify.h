/*
 * What the service manager is told: ready, reloading, stopping, and that the process still lives (sd_notify(3)).
 *
 * The protocol is one datagram per message to the socket that $NOTIFY_SOCKET names; it is promised to stay as it is.
 * libsystemd would do the same, but brings six libraries into a process that faces the network, and takes a sixth of
 * the time that the start of the program takes.
 *
 * Life: notify_open early, while the socket can be reached whoever the process will be, and wherever it will be
 * confined to; notify_watch once there is a timer, which sends until it closes. Without a manager that asks, all do
 * nothing. Threads: the main thread, but for the watchdog's messages, which the timer's thread
 * sends: where that hangs, nothing gets its heartbeat either. Errors: a manager that does not listen is no reason to
 * stop.
 */
#ifndef HOLDFAST_NOTIFY_H
#define HOLDFAST_NOTIFY_H

#include "src/timer.h"

void notify_open(void);

/* `status` is for people. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);

/* WATCHDOG=1 twice in each span that the manager asks for in $WATCHDOG_USEC. */
void notify_watch(struct timer *timer);

#endif
