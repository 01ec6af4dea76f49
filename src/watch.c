/*
 * For the hangup two looks must agree: between the last data and the moment in which the connection's thread has noted
 * it, a single look could take a complete request for a broken one. Patience needs one look: who is over the time
 * is so whether the last byte has just come or not.
 */
#include "src/watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#define GIVEN_UP 3u /* in place of enum patience_for */

struct watch {
    struct alarm alarm; /* first: what look() gets */
    struct timer *timer;
    const struct limits *limits;
    int socket;
    bool is_tls;
    atomic_uint notes;
    atomic_uint turn;            /* its number << 2 | enum patience_for, or GIVEN_UP */
    atomic_uint_fast64_t taken;  /* of the body, in this turn */
    _Atomic(const char *) limit; /* that it was given up for */
    struct patience patience;    /* this and the following are the timer's */
    bool has_ended;              /* at the last look */
    unsigned notes_before;       /* likewise */
};

/* What TCP has received, which is all that is to be seen of a head that is not whole. */
static uint64_t count_received(const struct watch *w)
{
    struct tcp_info info;
    socklen_t size = sizeof info;

    if (getsockopt(w->socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return 0;
    return info.tcpi_bytes_received;
}

/* Nothing happens if the connection's thread has gone on since `turn` was looked at. */
static bool give_up(struct watch *w, unsigned turn, enum patience_end why)
{
    static const char late[] = "HTTP/1.1 408 Request Timeout\r\n"
                               "Connection: close\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 29\r\n\r\n"
                               "The request came too slowly.\n";
    static const char *const limits[] = {
        [PATIENCE_ENDS_HEAD] = "head-timeout", [PATIENCE_ENDS_BODY] = "body-rate"
    };

    if (!atomic_compare_exchange_strong(&w->turn, &turn, turn | GIVEN_UP))
        return false;
    if (why != PATIENCE_ENDS_IDLE) {
        atomic_store(&w->limit, limits[why]);
        if (!w->is_tls)
            (void)!send(w->socket, late, sizeof late - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    shutdown(w->socket, SHUT_RDWR);
    return true;
}

static void look_for_hangup(struct watch *w, bool has_ended)
{
    unsigned notes = atomic_load(&w->notes);

    if (has_ended && w->has_ended && notes == w->notes_before)
        shutdown(w->socket, SHUT_RD);
    w->has_ended = has_ended;
    w->notes_before = notes;
}

static int64_t look(struct alarm *alarm)
{
    struct watch *w = (struct watch *)alarm;
    unsigned turn = atomic_load(&w->turn);
    struct patience_view view = { .turn = turn >> 2,
                                  .what = (enum patience_for)(turn & GIVEN_UP),
                                  .now_ms = timer_now_ms(),
                                  .taken = atomic_load(&w->taken) };
    ssize_t got = -1;
    char byte;

    if (view.what == PATIENCE_FOR_HEAD)
        view.received = count_received(w);
    if (view.what != PATIENCE_FOR_NOTHING)
        got = recv(w->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    view.has_unread = got > 0;
    look_for_hangup(w, got == 0);
    enum patience_end end = patience_look(&w->patience, w->limits, &view);
    if (end != PATIENCE_LASTS && give_up(w, turn, end))
        return TIMER_NEVER;
    return alarm->due_ms + patience_every_ms(w->limits);
}

struct watch *watch_open(struct timer *timer, int socket, bool is_tls, const struct limits *limits)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    int64_t now_ms = timer_now_ms();
    w->alarm.ring = look;
    w->timer = timer;
    w->limits = limits;
    w->socket = socket;
    w->is_tls = is_tls;
    patience_init(&w->patience, now_ms);
    timer_set(timer, &w->alarm, now_ms + patience_every_ms(limits));
    return w;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    timer_cancel(w->timer, &w->alarm);
    free(w);
}

bool watch_note(struct watch *w, enum patience_for what)
{
    if (!w)
        return true;
    atomic_fetch_add(&w->notes, 1);
    unsigned turn = atomic_load(&w->turn);
    do {
        if ((turn & GIVEN_UP) == GIVEN_UP)
            return false;
        if ((turn & GIVEN_UP) == what)
            return true;
        if (what == PATIENCE_FOR_BODY)
            atomic_store(&w->taken, 0);
    } while (!atomic_compare_exchange_weak(&w->turn, &turn, ((turn >> 2) + 1) << 2 | what));
    return true;
}

void watch_take(struct watch *w, size_t size)
{
    if (w)
        atomic_fetch_add(&w->taken, size);
}

const char *watch_limit(const struct watch *w)
{
    return w ? atomic_load(&w->limit) : NULL;
}
