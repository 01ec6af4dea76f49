/*
 * One alarm per waiting connection, set for whatever comes first.
 */
#include "src/pulse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "src/hangup.h"
#include "src/interim.h"
#include "src/metrics.h"

#define LOOK_MS 500 /* how often a client that may hang up is looked at */

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_ms(const struct pulse *pulse, int64_t now_ms)
{
    int64_t due_ms = earliest(heartbeat_due_ms(&pulse->heartbeat), pulse->deadline_ms);
    return pulse->watches ? earliest(due_ms, now_ms + LOOK_MS) : due_ms;
}

bool pulse_client_has_left(const struct pulse *pulse)
{
    return hangup_has_happened(pulse_socket(pulse));
}

int pulse_socket(const struct pulse *pulse)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(pulse->pause->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info->connect_fd;
}

/* RFC 2518 9.7; the progress in members, where the whole is known. */
static size_t format_headers(const struct pulse *pulse, char out[INTERIM_HEADERS_MAX])
{
    int size = 0;
    uint64_t total = pulse->progress ? atomic_load(&pulse->progress->members_total) : 0;

    out[0] = '\0';
    if (pulse->status_uri)
        size = snprintf(out, INTERIM_HEADERS_MAX, "Status-URI: 102 <%s>\r\n", pulse->status_uri);
    if (total && size >= 0 && size < INTERIM_HEADERS_MAX)
        size +=
            snprintf(out + size, INTERIM_HEADERS_MAX - (size_t)size, "Progress: %" PRIu64 "/%" PRIu64 "\r\n",
                     (uint64_t)atomic_load(&pulse->progress->members_done), total);
    if (size < 0 || size >= INTERIM_HEADERS_MAX) { /* a host name of that length: then bare */
        out[0] = '\0';
        return 0;
    }
    return (size_t)size;
}

static void send_interim(struct pulse *pulse, int64_t now_ms)
{
    char headers[INTERIM_HEADERS_MAX];
    size_t size = format_headers(pulse, headers);

    int error = interim_send_processing(pulse->pause->connection, headers, size);
    heartbeat_was_sent(&pulse->heartbeat, now_ms);
    if (error == EPIPE)
        pulse->has_gone = true;
    if (error)
        return;
    pulse->interims++;
    metrics_count(METRIC_BEATS_INTERIM);
    if (pulse->beats)
        atomic_fetch_add(pulse->beats, 1);
}

struct look {
    struct pulse *pulse;
    int64_t now_ms;
    bool wakes;
};

/* With the connection at rest. */
static void look(void *ctx)
{
    struct look *l = ctx;
    struct pulse *pulse = l->pulse;
    bool is_due = heartbeat_is_due(&pulse->heartbeat, l->now_ms);

    if (is_due && pulse->heartbeat.kind == BEAT_INTERIM)
        send_interim(pulse, l->now_ms);
    else if (is_due)
        l->wakes = true;
    if (pulse->watches && pulse_client_has_left(pulse))
        pulse->has_gone = true;
    l->wakes |= pulse->has_gone || pulse->deadline_ms <= l->now_ms;
}

static int64_t ring(struct alarm *alarm)
{
    struct pulse *pulse = (struct pulse *)alarm;
    struct look l = { .pulse = pulse, .now_ms = timer_now_ms() };

    if (!pause_use(pulse->pause, look, &l))
        return TIMER_NEVER; /* it is awake and sets the alarm itself when it rests again */
    if (!l.wakes)
        return next_ms(pulse, l.now_ms);
    pause_end(pulse->pause);
    return TIMER_NEVER;
}

void pulse_init(struct pulse *pulse, struct timer *timer, struct pause *pause)
{
    *pulse = (struct pulse){ .alarm.ring = ring, .timer = timer, .pause = pause, .deadline_ms = TIMER_NEVER };
}

void pulse_release(struct pulse *pulse)
{
    if (pulse->is_set)
        timer_cancel(pulse->timer, &pulse->alarm);
    pulse->is_set = false;
}

void pulse_rest(struct pulse *pulse, int64_t now_ms)
{
    int64_t due_ms = next_ms(pulse, now_ms);

    pause_begin(pulse->pause);
    if (due_ms != TIMER_NEVER) {
        pulse->is_set = true;
        timer_set(pulse->timer, &pulse->alarm, due_ms);
    }
}
