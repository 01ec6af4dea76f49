/*
 * The whole server at the other end of a socket pair: any bytes as a connection's requests, several one behind the
 * other too. What comes back are whole answers and nothing else, and afterwards nothing is left open or under way.
 *
 * All of it is sent, then our side is closed, once the server has read what there is: a close that comes together
 * with data is seen only at the next look (hangup.h), which would be two executions a second.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/admission.h"
#include "src/log.h"
#include "src/server.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"

#define PATIENCE_MS 10000
#define ANSWERS_MAX (16 * 1024 * 1024)

static struct exchange *folder;
static struct server *server;
static apr_pool_t *server_pool;

static void stop_server(void)
{
    struct front *front = server->front;

    assert(server_stop(server));
    front_close(front);
    apr_pool_destroy(server_pool);
}

static void start_server(void)
{
    static char *arguments[] = { (char *)"serve",
                                 (char *)"--listen",
                                 (char *)"127.0.0.1:0",
                                 (char *)"--workers",
                                 (char *)"1",
                                 (char *)"--grace",
                                 (char *)"1",
                                 (char *)"--log-level",
                                 (char *)"error",
                                 (char *)"--job-retention",
                                 (char *)"1",
                                 (char *)"/",
                                 NULL };
    static struct options options;
    static struct shares shares = { .count = 1 };
    static struct front front;
    const char *message = NULL, *log_file;

    signal(SIGPIPE, SIG_IGN);
    folder = folder_open();
    apr_pool_create(&server_pool, NULL);
    shares.list[0] = (struct share){ .options = &options.shares[0], .root = "/", .dav = folder->dav };
    if (options_parse(server_pool, (int)(sizeof arguments / sizeof *arguments) - 1, arguments, &options,
                      &message) != OPTIONS_RUN ||
        front_open(server_pool, &options, &front, &message) != 0 ||
        server_open(server_pool, &options, &front, &shares, NULL, &server, &message) != 0) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
    if (log_open(&options.log, &log_file) != 0)
        abort();
    atexit(stop_server); /* before the folder goes: it was opened earlier */
}

static int connect_to_server(void)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int pair[2];

    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    const struct admission_visitor visitor = { .socket = pair[1],
                                               .address = (const struct sockaddr *)&address };
    assert(admission_enter(server->admission, server->options, &visitor));
    assert(MHD_add_connection(server->daemons[0], pair[1], (const struct sockaddr *)&address,
                              sizeof address) == MHD_YES);
    atomic_fetch_add(&server->given, 1);
    return pair[0];
}

/* Reads what is there; false at the end of the connection. */
static bool read_some(int fd, struct buffer *answers, bool *out_idle)
{
    char piece[65536];
    ssize_t n = recv(fd, piece, sizeof piece, 0);

    if (n > 0)
        buffer_append(answers, piece, (size_t)n);
    *out_idle = n < 0;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void converse(int fd, const char *data, size_t size, struct buffer *answers)
{
    int64_t give_up_ms = timer_now_ms() + PATIENCE_MS;
    bool is_shut = false, idle;
    int unread = 1;

    for (unsigned turn = 0; read_some(fd, answers, &idle); turn++) {
        ssize_t n = size ? send(fd, data, size, MSG_NOSIGNAL) : 0;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN) {
            size = 0; /* it does not listen any more */
        }
        if (!size && !is_shut && (ioctl(fd, SIOCOUTQ, &unread) != 0 || !unread))
            is_shut = shutdown(fd, SHUT_WR) == 0;
        if (idle && turn > 100)
            poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 1);
        else if (idle)
            sched_yield();
        assert(timer_now_ms() < give_up_ms); /* neither an answer nor an end */
    }
}

static void await_rest(void)
{
    int64_t give_up_ms = timer_now_ms() + PATIENCE_MS;

    while (atomic_load(&server->transactions)) {
        sched_yield();
        assert(timer_now_ms() < give_up_ms);
    }
    assert(job_engine_drain(server->engine, give_up_ms));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct buffer answers;
    unsigned count;

    fuzz_begin(data, size, &in);
    if (!server)
        start_server();
    buffer_init(&answers, ANSWERS_MAX);
    int fd = connect_to_server();
    converse(fd, in.at, in.left, &answers);
    close(fd);
    await_rest();
    buffer_append(&answers, "", 1); /* as the checks read numbers by functions for texts */
    assert(!answers.overflow);
    bool has_head = memmem(data, size, "HEAD", 4) != NULL;
    const char *wrong = answers_check(answers.data, answers.size - 1, has_head, &count);
    if (wrong) {
        fprintf(stderr, "%s:\n%.*s\n", wrong, (int)answers.size, answers.data);
        abort();
    }
    buffer_release(&answers);
    folder_reset(folder);
    return 0;
}
