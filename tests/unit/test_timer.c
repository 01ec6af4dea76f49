/*
 * Alarms: order, moving, cancelling. Times are asserted as order and "not before", never as "at most".
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/timer.h"

struct bell {
    struct alarm alarm; /* first: what ring() gets */
    int number;
    int64_t rung_ms;
    int again; /* how often it wants to ring again */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int order[1000], rung;

static int64_t ring(struct alarm *alarm)
{
    struct bell *bell = (struct bell *)alarm;
    pthread_mutex_lock(&mutex);
    bell->rung_ms = timer_now_ms();
    order[rung++] = bell->number;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return bell->again > 0 && bell->again-- ? bell->alarm.due_ms + 5 : TIMER_NEVER;
}

static void await(int n)
{
    pthread_mutex_lock(&mutex);
    while (rung < n)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static struct timer *open_timer(void)
{
    struct timer *timer;
    assert_int_equal(timer_open(&timer), 0);
    rung = 0;
    return timer;
}

static void alarms_ring_in_order_and_not_before_their_time(void **state)
{
    (void)state;
    static const int due[] = { 40, 10, 30, 20, 50 };
    struct bell bells[5] = { 0 };
    struct timer *timer = open_timer();
    int64_t now = timer_now_ms();
    for (int i = 0; i < 5; i++) {
        bells[i] = (struct bell){ .alarm = { .ring = ring }, .number = due[i] };
        timer_set(timer, &bells[i].alarm, now + due[i]);
    }
    await(5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(order[i], (i + 1) * 10);
        assert_true(bells[i].rung_ms >= now + due[i]);
    }
    timer_close(timer);
}

static void a_cancelled_alarm_does_not_ring(void **state)
{
    (void)state;
    struct timer *timer = open_timer();
    struct bell cancelled = { .alarm = { .ring = ring }, .number = 1 };
    struct bell later = { .alarm = { .ring = ring }, .number = 2 };
    int64_t now = timer_now_ms();
    timer_set(timer, &cancelled.alarm, now + 50);
    timer_set(timer, &later.alarm, now + 60);
    timer_cancel(timer, &cancelled.alarm);
    timer_cancel(timer, &cancelled.alarm);
    await(1);
    assert_int_equal(order[0], 2);
    assert_int_equal(rung, 1);
    timer_close(timer);
}

static void an_alarm_set_again_rings_once_at_its_new_time(void **state)
{
    (void)state;
    struct timer *timer = open_timer();
    struct bell moved = { .alarm = { .ring = ring }, .number = 1 };
    struct bell middle = { .alarm = { .ring = ring }, .number = 2 };
    int64_t now = timer_now_ms();
    timer_set(timer, &moved.alarm, now + 20000);
    timer_set(timer, &middle.alarm, now + 30);
    timer_set(timer, &moved.alarm, now + 10);
    await(2);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    timer_close(timer);
}

static void an_alarm_rings_again_as_often_as_it_says(void **state)
{
    (void)state;
    struct timer *timer = open_timer();
    struct bell repeated = { .alarm = { .ring = ring }, .number = 1, .again = 2 };
    struct bell last = { .alarm = { .ring = ring }, .number = 2 };
    int64_t now = timer_now_ms();
    timer_set(timer, &repeated.alarm, now + 5);
    timer_set(timer, &last.alarm, now + 60);
    await(4);
    assert_int_equal(order[2], 1);
    assert_int_equal(order[3], 2);
    timer_close(timer);
}

static void the_heap_survives_many_random_changes(void **state)
{
    (void)state;
    enum { BELLS = 900 };
    static struct bell bells[BELLS];
    struct timer *timer = open_timer();
    unsigned seed = 1;
    int64_t base = timer_now_ms() + 20;
    for (int i = 0; i < BELLS; i++)
        bells[i] = (struct bell){ .alarm = { .ring = ring }, .number = i };
    for (int i = 0; i < 20000; i++) {
        struct bell *bell = &bells[rand_r(&seed) % BELLS];
        if (rand_r(&seed) % 3)
            timer_set(timer, &bell->alarm, timer_now_ms() + 100000 + rand_r(&seed) % 1000);
        else
            timer_cancel(timer, &bell->alarm);
    }
    for (int i = 0; i < BELLS; i++)
        timer_set(timer, &bells[i].alarm, base + rand_r(&seed) % 50);
    await(BELLS);
    for (int i = 1; i < BELLS; i++)
        assert_true(bells[order[i - 1]].alarm.due_ms <= bells[order[i]].alarm.due_ms ||
                    bells[order[i]].alarm.due_ms <= base);
    timer_close(timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_ring_in_order_and_not_before_their_time),
        cmocka_unit_test(a_cancelled_alarm_does_not_ring),
        cmocka_unit_test(an_alarm_set_again_rings_once_at_its_new_time),
        cmocka_unit_test(an_alarm_rings_again_as_often_as_it_says),
        cmocka_unit_test(the_heap_survives_many_random_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
