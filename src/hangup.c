/*
 * Two looks must agree: between the last data and the moment in which the connection's thread has
 * noted it, a single look could take a complete request for a broken one.
 */
#include "src/hangup.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LOOK_MS 1000

struct hangup {
    struct alarm alarm; /* first: what look() gets */
    struct timer *timer;
    int socket;
    atomic_uint notes;
    atomic_bool awaits_more;
    bool has_ended;        /* at the last look; the timer's */
    unsigned notes_before; /* likewise */
};

static int64_t look(struct alarm *alarm)
{
    struct hangup *h = (struct hangup *)alarm;
    unsigned notes = atomic_load(&h->notes);
    char byte;
    bool has_ended = atomic_load(&h->awaits_more) && recv(h->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;

    if (has_ended && h->has_ended && notes == h->notes_before)
        shutdown(h->socket, SHUT_RD);
    h->has_ended = has_ended;
    h->notes_before = notes;
    return alarm->due_ms + LOOK_MS;
}

struct hangup *hangup_open(struct timer *timer, int socket)
{
    struct hangup *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->alarm.ring = look;
    h->timer = timer;
    h->socket = socket;
    atomic_store(&h->awaits_more, true);
    timer_set(timer, &h->alarm, timer_now_ms() + LOOK_MS);
    return h;
}

void hangup_close(struct hangup *h)
{
    if (!h)
        return;
    timer_cancel(h->timer, &h->alarm);
    free(h);
}

void hangup_note(struct hangup *h, bool awaits_more)
{
    if (!h)
        return;
    atomic_fetch_add(&h->notes, 1);
    atomic_store(&h->awaits_more, awaits_more);
}

static bool has_any(int socket, short events)
{
    struct pollfd poll_fd = { .fd = socket, .events = events };
    return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & events;
}

bool hangup_has_happened(int socket)
{
    return has_any(socket, POLLRDHUP | POLLHUP | POLLERR);
}

bool hangup_has_broken(int socket)
{
    return has_any(socket, POLLERR);
}
