/*
 * Sockets that are closed gently, over TCP on the loopback: what the other side sees.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/linger.h"
#include "src/timer.h"

#define ANSWER "the answer"

struct pair {
    int client, server;
};

static struct pair connect_pair(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    struct pair pair;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pair.client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair.client, (struct sockaddr *)&address, sizeof address), 0);
    pair.server = accept(listener, NULL, NULL);
    assert_true(pair.server >= 0);
    close(listener);
    return pair;
}

/* The answer, then the end, as the server does it. */
static void answer_and_close(struct linger_set *linger, int server)
{
    assert_int_equal(send(server, ANSWER, sizeof ANSWER, MSG_NOSIGNAL), sizeof ANSWER);
    linger_take(linger, server);
    close(server);
}

static void read_answer_and_end(int client)
{
    char text[sizeof ANSWER];
    assert_int_equal(recv(client, text, sizeof text, MSG_WAITALL), sizeof text);
    assert_string_equal(text, ANSWER);
    assert_int_equal(recv(client, text, sizeof text, 0), 0);
}

/* 0, or what became of it. */
static int send_some(int client, size_t size)
{
    static const char data[64 * 1024];
    while (size) {
        size_t part = size < sizeof data ? size : sizeof data;
        ssize_t sent = send(client, data, part, MSG_NOSIGNAL);
        if (sent < 0)
            return errno;
        size -= (size_t)sent;
    }
    return 0;
}

/* Sends a byte; a socket that is closed on the other side answers with a reset. */
static bool is_reset(int client)
{
    struct pollfd look = { .fd = client, .events = 0 };
    if (send(client, "x", 1, MSG_NOSIGNAL) < 0)
        return true;
    return poll(&look, 1, 100) == 1 && (look.revents & (POLLERR | POLLHUP));
}

static struct linger_set *open_linger(void)
{
    struct linger_set *linger;
    assert_int_equal(linger_open(&linger), 0);
    return linger;
}

static void what_is_sent_late_does_no_harm_to_the_answer(void **state)
{
    (void)state;
    struct linger_set *linger = open_linger();
    struct pair pair = connect_pair();

    assert_int_equal(send_some(pair.client, 1000), 0);
    answer_and_close(linger, pair.server);
    assert_int_equal(send_some(pair.client, 50 * 1024 * 1024), 0);
    read_answer_and_end(pair.client);
    assert_int_equal(send_some(pair.client, 1000), 0);
    close(pair.client);
    linger_free(linger);
}

static void a_silent_one_is_closed_after_its_time_and_not_before(void **state)
{
    (void)state;
    struct linger_set *linger = open_linger();
    struct pair pair = connect_pair();
    struct pollfd look = { .fd = pair.client, .events = POLLRDHUP };

    int64_t began_ms = timer_now_ms();
    answer_and_close(linger, pair.server);
    assert_int_equal(poll(&look, 1, 10000), 1);
    read_answer_and_end(pair.client);
    /* Nothing tells the client, so it has to ask, and must not do so before the time. */
    while (timer_now_ms() - began_ms < LINGER_SILENT_MS / 2)
        assert_int_equal(poll(NULL, 0, 50), 0);
    assert_false(is_reset(pair.client)); /* and this was a sign of life */
    began_ms = timer_now_ms();
    while (timer_now_ms() - began_ms < LINGER_SILENT_MS + 2000)
        assert_int_equal(poll(NULL, 0, 50), 0);
    assert_true(is_reset(pair.client));
    close(pair.client);
    linger_free(linger);
}

static void of_too_many_the_oldest_is_closed(void **state)
{
    (void)state;
    struct linger_set *linger = open_linger();
    struct pair pairs[LINGER_MAX + 1];

    for (int i = 0; i < LINGER_MAX + 1; i++) {
        pairs[i] = connect_pair();
        if (i == 1) /* the clock has milliseconds */
            poll(NULL, 0, 5);
        answer_and_close(linger, pairs[i].server);
    }
    assert_true(is_reset(pairs[0].client));
    assert_false(is_reset(pairs[1].client));
    assert_false(is_reset(pairs[LINGER_MAX].client));
    for (int i = 0; i < LINGER_MAX + 1; i++)
        close(pairs[i].client);
    linger_free(linger);
}

static void a_client_that_has_closed_is_not_waited_for(void **state)
{
    (void)state;
    struct linger_set *linger = open_linger();
    struct pair pair = connect_pair();
    struct pollfd look = { .fd = pair.server, .events = POLLRDHUP };

    shutdown(pair.client, SHUT_WR);
    assert_int_equal(poll(&look, 1, 10000), 1);
    int next = dup(pair.client); /* the lowest that is free */
    close(next);
    linger_take(linger, pair.server);
    int after = dup(pair.client);
    assert_int_equal(after, next);
    close(after);
    close(pair.server);
    close(pair.client);
    linger_free(linger);
}

static void a_stop_closes_all_at_once_and_takes_no_more(void **state)
{
    (void)state;
    struct linger_set *linger = open_linger();
    struct pair before = connect_pair(), after = connect_pair();

    answer_and_close(linger, before.server);
    assert_false(is_reset(before.client));
    linger_stop(linger);
    assert_true(is_reset(before.client));
    answer_and_close(linger, after.server);
    assert_true(is_reset(after.client));
    linger_stop(linger);
    linger_free(linger);
    linger_stop(NULL);
    linger_free(NULL);
    close(before.client);
    close(after.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_late_does_no_harm_to_the_answer),
        cmocka_unit_test(a_silent_one_is_closed_after_its_time_and_not_before),
        cmocka_unit_test(of_too_many_the_oldest_is_closed),
        cmocka_unit_test(a_client_that_has_closed_is_not_waited_for),
        cmocka_unit_test(a_stop_closes_all_at_once_and_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
