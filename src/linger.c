/*
 * A thread rather than alarms: what a client sends must be read as fast as it comes, or it is not done
 * sending within the time, and neither that nor the number of such clients may make a heartbeat late.
 *
 * Nothing is copied: with MSG_TRUNC the kernel throws away what TCP has received.
 */
#include "src/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/timer.h"

#define LOOK_MS 500 /* for sockets whose time is over */
#define EVENTS  16
#define CHUNK   (64 * 1024)
#define WAKE    UINT32_MAX /* in place of a slot */

struct slot {
    int socket; /* -1: free */
    int64_t began_ms, heard_ms;
};

struct linger_set {
    pthread_mutex_t mutex; /* guards the slots and what is below them */
    struct slot slots[LINGER_MAX];
    unsigned count;
    bool stopping;
    int epoll, wake;
    pthread_t thread;
};

/* Taken out by hand: closing does it only when there is no other descriptor for the socket. */
static void drop(struct linger_set *linger, struct slot *slot)
{
    epoll_ctl(linger->epoll, EPOLL_CTL_DEL, slot->socket, NULL);
    close(slot->socket);
    slot->socket = -1;
    linger->count--;
}

static bool is_over(const struct slot *slot, int64_t now_ms)
{
    return now_ms - slot->began_ms >= LINGER_TOTAL_MS || now_ms - slot->heard_ms >= LINGER_SILENT_MS;
}

/* An event may be older than the socket that is in the slot now: then there is nothing to read. */
static void read_on(struct linger_set *linger, struct slot *slot, char *trash)
{
    if (slot->socket < 0)
        return;
    ssize_t got = recv(slot->socket, trash, CHUNK, MSG_TRUNC | MSG_DONTWAIT);
    if (got > 0)
        slot->heard_ms = timer_now_ms();
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        drop(linger, slot);
}

static void drop_what_is_over(struct linger_set *linger)
{
    int64_t now_ms = timer_now_ms();

    for (unsigned i = 0; i < LINGER_MAX && linger->count; i++)
        if (linger->slots[i].socket >= 0 && is_over(&linger->slots[i], now_ms))
            drop(linger, &linger->slots[i]);
}

static void *run(void *arg)
{
    struct linger_set *linger = arg;
    struct epoll_event events[EVENTS];
    char trash[CHUNK];
    int64_t look_ms = 0;

    pthread_mutex_lock(&linger->mutex);
    while (!linger->stopping) {
        int timeout_ms = linger->count ? LOOK_MS : -1;
        pthread_mutex_unlock(&linger->mutex);
        int n = epoll_wait(linger->epoll, events, EVENTS, timeout_ms);
        pthread_mutex_lock(&linger->mutex);
        for (int i = 0; i < n; i++) {
            uint64_t count;
            if (events[i].data.u32 != WAKE)
                read_on(linger, &linger->slots[events[i].data.u32], trash);
            else if (read(linger->wake, &count, sizeof count) < 0)
                continue;
        }
        if (timer_now_ms() >= look_ms) {
            drop_what_is_over(linger);
            look_ms = timer_now_ms() + LOOK_MS;
        }
    }
    pthread_mutex_unlock(&linger->mutex);
    return NULL;
}

static int start(struct linger_set *linger)
{
    struct epoll_event wake = { .events = EPOLLIN, .data.u32 = WAKE };

    linger->epoll = epoll_create1(EPOLL_CLOEXEC);
    linger->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (linger->epoll < 0 || linger->wake < 0 ||
        epoll_ctl(linger->epoll, EPOLL_CTL_ADD, linger->wake, &wake) != 0)
        return errno;
    return pthread_create(&linger->thread, NULL, run, linger);
}

int linger_open(struct linger_set **out)
{
    struct linger_set *linger = calloc(1, sizeof *linger);
    if (!linger)
        return ENOMEM;
    for (unsigned i = 0; i < LINGER_MAX; i++)
        linger->slots[i].socket = -1;
    pthread_mutex_init(&linger->mutex, NULL);
    int error = start(linger);
    if (error) {
        linger->stopping = true; /* there is no thread to be waited for */
        linger_free(linger);
        return error;
    }
    *out = linger;
    return 0;
}

static void wake_up(struct linger_set *linger)
{
    const uint64_t one = 1;
    while (write(linger->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void linger_stop(struct linger_set *linger)
{
    if (!linger)
        return;
    pthread_mutex_lock(&linger->mutex);
    bool was_stopped = linger->stopping;
    linger->stopping = true;
    pthread_mutex_unlock(&linger->mutex);
    if (was_stopped)
        return;
    wake_up(linger);
    pthread_join(linger->thread, NULL);
    for (unsigned i = 0; i < LINGER_MAX; i++)
        if (linger->slots[i].socket >= 0)
            drop(linger, &linger->slots[i]);
}

void linger_free(struct linger_set *linger)
{
    if (!linger)
        return;
    linger_stop(linger);
    if (linger->epoll >= 0)
        close(linger->epoll);
    if (linger->wake >= 0)
        close(linger->wake);
    pthread_mutex_destroy(&linger->mutex);
    free(linger);
}

/* A free slot, if need be that of the socket which has had the most time. */
static struct slot *make_room(struct linger_set *linger)
{
    struct slot *oldest = &linger->slots[0];

    for (unsigned i = 0; i < LINGER_MAX; i++) {
        struct slot *slot = &linger->slots[i];
        if (slot->socket < 0)
            return slot;
        if (slot->began_ms < oldest->began_ms)
            oldest = slot;
    }
    drop(linger, oldest);
    return oldest;
}

static void put(struct linger_set *linger, int copy)
{
    struct slot *slot = make_room(linger);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)(slot - linger->slots) };
    int64_t now_ms = timer_now_ms();

    *slot = (struct slot){ .socket = copy, .began_ms = now_ms, .heard_ms = now_ms };
    linger->count++;
    if (epoll_ctl(linger->epoll, EPOLL_CTL_ADD, copy, &event) != 0)
        drop(linger, slot);
    else if (linger->count == 1)
        wake_up(linger); /* it may sleep without end */
}

static bool has_closed(int socket)
{
    char byte;
    ssize_t got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

void linger_take(struct linger_set *linger, int socket)
{
    if (has_closed(socket))
        return;
    shutdown(socket, SHUT_WR); /* over TLS libmicrohttpd ends only its own layer */
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    pthread_mutex_lock(&linger->mutex);
    if (linger->stopping)
        close(copy);
    else
        put(linger, copy);
    pthread_mutex_unlock(&linger->mutex);
}
