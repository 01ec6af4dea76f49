/*
 * A binary heap by due time: 10,000 waiting transactions cost some 13 comparisons per beat.
 */
#include "src/timer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "fs/niceness.h"

struct timer {
    pthread_mutex_t mutex; /* guards everything below and every alarm that is set */
    pthread_cond_t changed;
    struct alarm **heap; /* heap[1..count]; heap[0] is unused */
    size_t count, capacity;
    bool closing;
    pthread_t thread;
};

int64_t timer_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t timer_now_ms(void)
{
    return timer_now_us() / 1000;
}

static void put(struct timer *timer, size_t slot, struct alarm *alarm)
{
    timer->heap[slot] = alarm;
    alarm->slot = slot;
}

static void sift_up(struct timer *timer, size_t slot)
{
    struct alarm *alarm = timer->heap[slot];
    for (; slot > 1 && timer->heap[slot / 2]->due_ms > alarm->due_ms; slot /= 2)
        put(timer, slot, timer->heap[slot / 2]);
    put(timer, slot, alarm);
}

static void sift_down(struct timer *timer, size_t slot)
{
    struct alarm *alarm = timer->heap[slot];
    for (size_t child; (child = slot * 2) <= timer->count; slot = child) {
        if (child < timer->count && timer->heap[child + 1]->due_ms < timer->heap[child]->due_ms)
            child++;
        if (timer->heap[child]->due_ms >= alarm->due_ms)
            break;
        put(timer, slot, timer->heap[child]);
    }
    put(timer, slot, alarm);
}

static void take_out(struct timer *timer, struct alarm *alarm)
{
    size_t slot = alarm->slot;
    struct alarm *last = timer->heap[timer->count--];
    alarm->slot = 0;
    if (last == alarm)
        return;
    put(timer, slot, last);
    sift_up(timer, slot);
    sift_down(timer, last->slot);
}

/* Room for one more; the number of alarms is bounded by that of connections. */
static void grow(struct timer *timer)
{
    if (timer->count + 1 < timer->capacity)
        return;
    size_t capacity = timer->capacity ? timer->capacity * 2 : 64;
    struct alarm **heap = realloc(timer->heap, capacity * sizeof(struct alarm *));
    if (!heap)
        abort();
    timer->heap = heap;
    timer->capacity = capacity;
}

static void insert(struct timer *timer, struct alarm *alarm, int64_t due_ms)
{
    grow(timer);
    alarm->due_ms = due_ms;
    put(timer, ++timer->count, alarm);
    sift_up(timer, timer->count);
}

static void *run(void *arg)
{
    struct timer *timer = arg;

    niceness_be_prompt();
    pthread_mutex_lock(&timer->mutex);
    while (!timer->closing) {
        struct alarm *first = timer->count ? timer->heap[1] : NULL;
        if (!first) {
            pthread_cond_wait(&timer->changed, &timer->mutex);
        } else if (first->due_ms <= timer_now_ms()) {
            take_out(timer, first);
            int64_t again_ms = first->ring(first);
            if (again_ms != TIMER_NEVER)
                insert(timer, first, again_ms);
        } else {
            struct timespec due = { .tv_sec = first->due_ms / 1000,
                                    .tv_nsec = first->due_ms % 1000 * 1000000 };
            pthread_cond_timedwait(&timer->changed, &timer->mutex, &due);
        }
    }
    pthread_mutex_unlock(&timer->mutex);
    return NULL;
}

int timer_open(struct timer **out)
{
    struct timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return ENOMEM;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&timer->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&timer->mutex, NULL);

    int error = pthread_create(&timer->thread, NULL, run, timer);
    if (error) {
        pthread_cond_destroy(&timer->changed);
        pthread_mutex_destroy(&timer->mutex);
        free(timer);
        return error;
    }
    *out = timer;
    return 0;
}

void timer_close(struct timer *timer)
{
    if (!timer)
        return;
    pthread_mutex_lock(&timer->mutex);
    timer->closing = true;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
    pthread_join(timer->thread, NULL);
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->mutex);
    free(timer->heap);
    free(timer);
}

void timer_set(struct timer *timer, struct alarm *alarm, int64_t due_ms)
{
    pthread_mutex_lock(&timer->mutex);
    if (alarm->slot)
        take_out(timer, alarm);
    insert(timer, alarm, due_ms);
    if (alarm->slot == 1)
        pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
}

void timer_cancel(struct timer *timer, struct alarm *alarm)
{
    pthread_mutex_lock(&timer->mutex);
    if (alarm->slot)
        take_out(timer, alarm);
    pthread_mutex_unlock(&timer->mutex);
}
