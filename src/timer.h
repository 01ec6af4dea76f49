/*
 * Alarms at a time on the monotonic clock, for any number of waiting transactions.
 *
 * One thread sleeps until the earliest alarm. An alarm is embedded in whatever it belongs to, zeroed
 * before use; it rings once per timer_set, or again when its ring() says so. Threads: any. ring() is
 * called on the timer thread with the timer's mutex held: it must be short and must not call timer_*.
 * After timer_cancel returns, ring is not running and will not be called.
 */
#ifndef HOLDFAST_TIMER_H
#define HOLDFAST_TIMER_H

#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER INT64_MAX

struct timer;

struct alarm {
    int64_t (*ring)(struct alarm *alarm); /* returns when to ring again; TIMER_NEVER: not */
    int64_t due_ms;
    size_t slot; /* place in the heap, from 1; 0 = not set */
};

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t timer_now_ms(void);
int64_t timer_now_us(void); /* the same clock, in microseconds */

int timer_open(struct timer **out);
void timer_close(struct timer *timer);

/* Sets or moves the alarm. */
void timer_set(struct timer *timer, struct alarm *alarm, int64_t due_ms);
void timer_cancel(struct timer *timer, struct alarm *alarm);

#endif
