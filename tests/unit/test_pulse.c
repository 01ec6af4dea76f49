/*
 * A waiting connection's pulse, with a real timer and a real socket, but without libmicrohttpd: the three of
 * its functions that pulse, pause and interim call are defined here.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/pulse.h"

#define FAR_MS 3600000

/* ---- in place of libmicrohttpd ---- */

struct MHD_Connection {
    union MHD_ConnectionInfo fd;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned suspended, resumed;
};

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    pthread_mutex_lock(&connection->mutex);
    connection->suspended++;
    pthread_mutex_unlock(&connection->mutex);
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    pthread_mutex_lock(&connection->mutex);
    connection->resumed++;
    pthread_cond_broadcast(&connection->changed);
    pthread_mutex_unlock(&connection->mutex);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    return type == MHD_CONNECTION_INFO_CONNECTION_FD ? &connection->fd : NULL;
}

/* ---- a connection and its client ---- */

struct bed {
    struct MHD_Connection connection;
    int client;
    struct timer *timer;
    struct pause pause;
    struct pulse pulse;
};

static int set_up(void **state)
{
    static struct bed bed;
    const struct timeval patience = { .tv_sec = 30 }; /* with what does not come */
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    bed = (struct bed){ .client = pair[1] };
    bed.connection.fd.connect_fd = pair[0];
    pthread_mutex_init(&bed.connection.mutex, NULL);
    pthread_cond_init(&bed.connection.changed, NULL);
    assert_int_equal(timer_open(&bed.timer), 0);
    pause_init(&bed.pause, &bed.connection);
    pulse_init(&bed.pulse, bed.timer, &bed.pause);
    *state = &bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    pulse_release(&bed->pulse);
    pause_end(&bed->pause);
    assert_int_equal(bed->connection.resumed, bed->connection.suspended);
    pause_release(&bed->pause);
    timer_close(bed->timer);
    pthread_cond_destroy(&bed->connection.changed);
    pthread_mutex_destroy(&bed->connection.mutex);
    close(bed->connection.fd.connect_fd);
    if (bed->client >= 0)
        close(bed->client);
    return 0;
}

/* `kind` every so often. */
static void beat(struct bed *bed, enum beat kind, int64_t interval_ms, unsigned cap)
{
    bed->pulse.heartbeat =
        (struct heartbeat){ .kind = kind, .cap = cap, .interval_ms = interval_ms, .last_ms = timer_now_ms() };
}

static void rest(struct bed *bed)
{
    pulse_rest(&bed->pulse, timer_now_ms());
}

static void await_waking(struct bed *bed)
{
    pthread_mutex_lock(&bed->connection.mutex);
    while (bed->connection.resumed < bed->connection.suspended)
        pthread_cond_wait(&bed->connection.changed, &bed->connection.mutex);
    pthread_mutex_unlock(&bed->connection.mutex);
    pulse_release(&bed->pulse); /* what the alarm left behind may be looked at now */
}

static bool is_at_rest(struct bed *bed)
{
    pthread_mutex_lock(&bed->connection.mutex);
    bool is_resting = bed->connection.resumed < bed->connection.suspended;
    pthread_mutex_unlock(&bed->connection.mutex);
    return is_resting;
}

/* The client reads exactly this. */
static void expect(struct bed *bed, const char *text)
{
    char got[2048];
    size_t size = strlen(text);

    assert_in_range(size, 1, sizeof got - 1);
    assert_int_equal(recv(bed->client, got, size, MSG_WAITALL), size);
    got[size] = '\0';
    assert_string_equal(got, text);
}

static bool has_something_to_read(struct bed *bed)
{
    struct pollfd look = { .fd = bed->client, .events = POLLIN };
    return poll(&look, 1, 0) > 0;
}

#define BARE "HTTP/1.1 102 Processing\r\n\r\n"

static void interims_go_out_while_it_rests_up_to_their_cap(void **state)
{
    struct bed *bed = *state;
    atomic_uint beats = 5;

    beat(bed, BEAT_INTERIM, 10, 3);
    bed->pulse.beats = &beats;
    bed->pulse.deadline_ms = timer_now_ms() + 100; /* so that there is an end to look at */
    rest(bed);
    expect(bed, BARE BARE BARE);
    await_waking(bed);
    assert_false(has_something_to_read(bed));
    assert_int_equal(bed->pulse.interims, 3);
    assert_int_equal(atomic_load(&beats), 8);
    assert_int_equal(bed->pulse.heartbeat.sent, 3);
    assert_false(bed->pulse.has_gone);
}

static void an_interim_names_the_page_and_the_progress_if_both_are_known(void **state)
{
    static const struct {
        const char *uri;
        uint64_t done, total;
        const char *text;
    } rows[] = {
        { "http://h/.holdfast/jobs/1", 3, 7,
          "HTTP/1.1 102 Processing\r\nStatus-URI: 102 <http://h/.holdfast/jobs/1>\r\nProgress: 3/7\r\n\r\n" },
        { "http://h/.holdfast/jobs/1", 3, 0,
          "HTTP/1.1 102 Processing\r\nStatus-URI: 102 <http://h/.holdfast/jobs/1>\r\n\r\n" },
        { NULL, 0, 1, "HTTP/1.1 102 Processing\r\nProgress: 0/1\r\n\r\n" },
        { NULL, UINT64_MAX, UINT64_MAX,
          "HTTP/1.1 102 Processing\r\nProgress: 18446744073709551615/18446744073709551615\r\n\r\n" },
        { NULL, 0, 0, BARE },
    };
    struct bed *bed = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct progress progress = { 0 };
        atomic_store(&progress.members_done, rows[i].done);
        atomic_store(&progress.members_total, rows[i].total);
        pulse_init(&bed->pulse, bed->timer, &bed->pause);
        beat(bed, BEAT_INTERIM, 1, 1);
        bed->pulse.status_uri = rows[i].uri;
        bed->pulse.progress = &progress;
        rest(bed);
        expect(bed, rows[i].text);
        pulse_release(&bed->pulse);
        pause_end(&bed->pause);
    }
}

/* The headers have room for so much: one byte more, and it goes bare. */
static void a_name_that_is_too_long_is_left_out(void **state)
{
    static const struct {
        size_t uri_size;
        uint64_t total;
        bool is_bare;
    } rows[] = {
        { 491, 0, false }, { 492, 0, true }, { 1000, 0, true }, { 476, 1, false }, { 477, 1, true },
    };
    struct bed *bed = *state;
    char uri[1001], text[2000];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct progress progress = { 0 };
        atomic_store(&progress.members_total, rows[i].total);
        memset(uri, 'x', rows[i].uri_size);
        uri[rows[i].uri_size] = '\0';
        pulse_init(&bed->pulse, bed->timer, &bed->pause);
        beat(bed, BEAT_INTERIM, 1, 1);
        bed->pulse.status_uri = uri;
        bed->pulse.progress = &progress;
        rest(bed);
        snprintf(text, sizeof text, "HTTP/1.1 102 Processing\r\nStatus-URI: 102 <%s>\r\n%s\r\n", uri,
                 rows[i].total ? "Progress: 0/1\r\n" : "");
        expect(bed, rows[i].is_bare ? BARE : text);
        pulse_release(&bed->pulse);
        pause_end(&bed->pause);
        assert_false(has_something_to_read(bed));
    }
}

static void a_blank_in_a_207_is_the_connections_own_to_send(void **state)
{
    struct bed *bed = *state;

    beat(bed, BEAT_MULTISTATUS, 10, 0);
    rest(bed);
    await_waking(bed);
    assert_true(heartbeat_is_due(&bed->pulse.heartbeat, timer_now_ms()));
    assert_false(has_something_to_read(bed));
    assert_int_equal(bed->pulse.interims, 0);
}

static void it_is_woken_at_its_deadline_and_not_before(void **state)
{
    struct bed *bed = *state;
    int64_t deadline_ms = timer_now_ms() + 30;

    beat(bed, BEAT_NONE, 1, 0);
    bed->pulse.deadline_ms = deadline_ms;
    rest(bed);
    await_waking(bed);
    assert_true(timer_now_ms() >= deadline_ms);
    assert_false(has_something_to_read(bed));
}

static void without_anything_due_no_alarm_is_set(void **state)
{
    struct bed *bed = *state;

    beat(bed, BEAT_NONE, 1, 0);
    rest(bed);
    assert_false(bed->pulse.is_set);
    assert_true(is_at_rest(bed));
}

static void a_client_that_has_gone_is_noticed_by_the_beat(void **state)
{
    struct bed *bed = *state;
    atomic_uint beats = 0;

    beat(bed, BEAT_INTERIM, 10, 0);
    bed->pulse.beats = &beats;
    close(bed->client);
    bed->client = -1;
    rest(bed);
    await_waking(bed);
    assert_true(bed->pulse.has_gone);
    assert_int_equal(bed->pulse.interims, 0);
    assert_int_equal(atomic_load(&beats), 0);
}

static void a_client_that_hangs_up_is_noticed_without_a_beat_if_it_is_watched(void **state)
{
    struct bed *bed = *state;

    beat(bed, BEAT_INTERIM, FAR_MS, 0);
    bed->pulse.watches = true;
    rest(bed);
    assert_false(pulse_client_has_left(&bed->pulse));
    assert_int_equal(shutdown(bed->client, SHUT_WR), 0);
    assert_true(pulse_client_has_left(&bed->pulse));
    await_waking(bed);
    assert_true(bed->pulse.has_gone);
}

/* It cannot take the 102 at the moment: that one is left out, and it is not given up. */
static void a_client_that_does_not_read_misses_beats(void **state)
{
    static char filling[64 * 1024];
    struct bed *bed = *state;
    int fd = bed->connection.fd.connect_fd;

    while (send(fd, filling, sizeof filling, MSG_DONTWAIT) > 0 || send(fd, filling, 1, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(errno, EAGAIN);
    beat(bed, BEAT_INTERIM, 5, 3);
    bed->pulse.deadline_ms = timer_now_ms() + 50;
    rest(bed);
    await_waking(bed);
    assert_false(bed->pulse.has_gone);
    assert_int_equal(bed->pulse.interims, 0);
    assert_int_not_equal(bed->pulse.heartbeat.sent, 0);
}

/* Woken by the operation's end: from then on the connection is libmicrohttpd's. */
static void nothing_is_sent_into_a_connection_that_is_awake(void **state)
{
    struct bed *bed = *state;

    beat(bed, BEAT_INTERIM, 20, 0);
    rest(bed);
    pause_end(&bed->pause);
    while (heartbeat_due_ms(&bed->pulse.heartbeat) + 20 > timer_now_ms())
        ; /* the alarm is due */
    pulse_release(&bed->pulse);
    assert_false(has_something_to_read(bed));
    assert_int_equal(bed->connection.resumed, 1);

    rest(bed); /* and it beats again when it rests again */
    expect(bed, BARE);
}

static void after_release_nothing_is_sent(void **state)
{
    struct bed *bed = *state;

    beat(bed, BEAT_INTERIM, 1, 0);
    rest(bed);
    expect(bed, BARE);
    pulse_release(&bed->pulse);
    unsigned sent = bed->pulse.interims;
    assert_false(bed->pulse.is_set);
    assert_int_equal(bed->pulse.alarm.slot, 0);
    pause_end(&bed->pause);
    assert_int_equal(bed->pulse.interims, sent);
    pulse_release(&bed->pulse);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(interims_go_out_while_it_rests_up_to_their_cap),
        TEST(an_interim_names_the_page_and_the_progress_if_both_are_known),
        TEST(a_name_that_is_too_long_is_left_out),
        TEST(a_blank_in_a_207_is_the_connections_own_to_send),
        TEST(it_is_woken_at_its_deadline_and_not_before),
        TEST(without_anything_due_no_alarm_is_set),
        TEST(a_client_that_has_gone_is_noticed_by_the_beat),
        TEST(a_client_that_hangs_up_is_noticed_without_a_beat_if_it_is_watched),
        TEST(a_client_that_does_not_read_misses_beats),
        TEST(nothing_is_sent_into_a_connection_that_is_awake),
        TEST(after_release_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
