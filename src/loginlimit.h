/*
 * Failed logins, and how long the next one must wait.
 *
 * Failures are counted per address of the client and per name. After LOGINLIMIT_FAILURES of either within
 * LOGINLIMIT_WINDOW_MS nobody may try from there, or as that name, for LOGINLIMIT_FIRST_MS, and twice as long after
 * each further failure, up to LOGINLIMIT_LONGEST_MS.
 *
 * That must not lock out those who are attacked. From where a name has logged in before, it is counted on its own:
 * guesses from elsewhere, and under other names, do not concern it. (Credentials that are remembered for the place do
 * not come here at all; but see is_stubborn.)
 *
 * Memory is fixed: LOGINLIMIT_SLOTS of each kind, under a hash with a key of this process. When there is no room the
 * one with the fewest failures goes; places with the oldest login.
 *
 * Life: loginlimit_open, loginlimit_close. Threads: any in between; one mutex, a leaf. Times are of one clock, in milliseconds.
 */
#ifndef HOLDFAST_LOGINLIMIT_H
#define HOLDFAST_LOGINLIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/addresses.h"

#define LOGINLIMIT_FAILURES   10
#define LOGINLIMIT_WINDOW_MS  INT64_C(900000)
#define LOGINLIMIT_FIRST_MS   INT64_C(30000)
#define LOGINLIMIT_LONGEST_MS INT64_C(900000)
#define LOGINLIMIT_STUBBORN   100
#define LOGINLIMIT_SLOTS      4096

struct loginlimit;

/* ENOMEM; EIO: no random numbers. */
int loginlimit_open(struct loginlimit **out);
void loginlimit_close(struct loginlimit *limit);

/* How long a login must wait; 0: it may be tried. The address is counted with its network (ADDRESS_CLIENT_BITS).
 * *out_is_stubborn, once each time: LOGINLIMIT_STUBBORN have been refused here since the last failure, from where the
 * name is known. */
int64_t loginlimit_wait(struct loginlimit *limit, const struct address *from, const char *name,
                        int64_t now_ms, bool *out_is_stubborn);

/* A wrong one. The result is how long others must wait now because of it; 0: they need not. */
int64_t loginlimit_failed(struct loginlimit *limit, const struct address *from, const char *name,
                          int64_t now_ms);

/* A right one: this place is the name's from now on. If it is a new one, failures of the name are forgotten. */
void loginlimit_succeeded(struct loginlimit *limit, const struct address *from, const char *name,
                          int64_t now_ms);

#endif
